//! The executable sections of a file for the VE, read one after the other, so that files may be large.

use std::fs::File;
use std::io;

use object::elf::{ET_DYN, ET_EXEC, ET_REL, FileHeader64, SHF_EXECINSTR, SHT_NOBITS};
use object::read::elf::{FileHeader as _, SectionHeader as _};
use object::{LittleEndian, ReadCache};

use crate::sections::EM_VE;

type CodeFileHeader = FileHeader64<LittleEndian>;

/// Calls a function with address and bytes of each executable section, in the order of the file,
/// until one call fails, whose error is the inner one.
///
/// # Errors
///
/// The file cannot be read, or is no object, library or program for the VE. The error is a clause
/// about the file.
pub fn ve_code_sections(
    file: File,
    mut each: impl FnMut(u64, &[u8]) -> io::Result<()>,
) -> Result<io::Result<()>, String> {
    let data = &ReadCache::new(file);
    let header = CodeFileHeader::parse(data).map_err(|_| "it is no 64-bit ELF file")?;
    let endian = header.endian().map_err(|_| "it is not little-endian")?;
    let machine = header.e_machine(endian);
    if machine != EM_VE {
        return Err(format!(
            "it is for machine {}, not for the Vector Engine ({})",
            machine.0, EM_VE.0
        ));
    }
    let kind = header.e_type(endian);
    if ![ET_REL, ET_EXEC, ET_DYN].contains(&kind) {
        return Err(format!(
            "it is neither a relocatable nor a shared object, but of type {}",
            kind.0
        ));
    }
    let sections = header
        .sections(endian, data)
        .map_err(|error| error.to_string())?;
    for (index, section) in sections.enumerate() {
        let executable = section.sh_flags(endian).0 & SHF_EXECINSTR.0 != 0;
        if !executable || section.sh_type(endian) == SHT_NOBITS {
            continue;
        }
        let bytes = section.data(endian, data).map_err(|_| {
            let index = index.0;
            format!("section {index} lies outside the file")
        })?;
        if let Err(error) = each(section.sh_addr(endian), bytes) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}
