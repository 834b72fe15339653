//! `--disassemble`: the instructions of an object file, one line for each word of its executable sections.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use object::elf::{ET_DYN, ET_EXEC, ET_REL, FileHeader64, SHF_EXECINSTR, SHT_NOBITS};
use object::read::elf::{FileHeader as _, SectionHeader as _};
use object::{LittleEndian, ReadCache, ReadRef};
use ve_isa::encoding;
use veo_debuginfo::elf;

/// Writes `hex address: text` for each word, with the addresses of the file and the text of `llvm-objdump`. A word that is no
/// instruction is `<unknown>`. A reader that stops early is no error. The error says what is wrong with the file.
pub fn disassemble(file: &Path, output: impl Write) -> Result<(), String> {
    let metadata = std::fs::metadata(file).map_err(|error| error.to_string())?;
    if metadata.is_dir() {
        return Err("it is a directory".to_owned());
    }
    let cache = ReadCache::new(File::open(file).map_err(|error| error.to_string())?);
    let mut output = BufWriter::new(output);
    sections(&cache, |address, bytes| {
        section(&mut output, address, bytes)
    })?
    .and_then(|()| output.flush())
    .or_else(|error| {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Ok(())
        } else {
            Err(error)
        }
    })
    .map_err(|error| format!("the output cannot be written: {error}"))
}

type Header = FileHeader64<LittleEndian>;

/// Calls a function with address and bytes of each executable section, in the order of the file, until one call fails.
fn sections<'data, R: ReadRef<'data>>(
    data: R,
    mut each: impl FnMut(u64, &[u8]) -> io::Result<()>,
) -> Result<io::Result<()>, String> {
    let header = Header::parse(data).map_err(|_| "it is no 64-bit ELF file")?;
    let endian = header.endian().map_err(|_| "it is not little-endian")?;
    let machine = header.e_machine(endian).0;
    if machine != elf::VE {
        return Err(format!(
            "it is for machine {machine}, not for the Vector Engine ({})",
            elf::VE
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

fn section(output: &mut impl Write, address: u64, bytes: &[u8]) -> io::Result<()> {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut at = address;
    for word in words {
        match encoding::disassemble(u64::from_le_bytes(*word)) {
            Some(text) => writeln!(output, "{at:x}: {text}")?,
            None => writeln!(output, "{at:x}: <unknown>")?,
        }
        at = at.wrapping_add(8);
    }
    if rest.is_empty() {
        Ok(())
    } else {
        writeln!(output, "{at:x}: <unknown>")
    }
}
