//! The header of a file: is it for this machine, and of a kind that can be loaded?

use object::LittleEndian;
use object::elf::{
    ELFCLASS64, ELFDATA2LSB, ELFOSABI_GNU, ELFOSABI_NONE, ET_DYN, ET_REL, FileHeader64,
};
use object::read::elf::FileHeader as _;

/// The machine number of the Vector Engine in ELF files.
pub const EM_VE: u16 = 251;

/// The bits of `e_flags` that say which architecture it is; 0 for VE1 and VE2, 1 for VE3.
const ARCHITECTURE: u32 = 0xf;

/// How many bytes the header has.
pub(super) const HEADER_SIZE: u64 = size_of::<ImageHeader>() as u64;

/// Alignments above this are refused: no page is larger.
pub(super) const LARGEST_ALIGNMENT: u64 = 64 << 20;

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    Relocatable,
    Shared,
}

pub(super) type ImageHeader = FileHeader64<LittleEndian>;

/// The file's header, if it is for this machine.
pub(super) fn header(bytes: &[u8]) -> Result<(&ImageHeader, FileKind), String> {
    if !bytes.starts_with(&object::elf::ELFMAG) {
        return Err("it is not an ELF file".into());
    }
    if bytes.len() < size_of::<ImageHeader>() {
        return Err("it is cut off within its header".into());
    }
    if bytes[4] != ELFCLASS64.0 || bytes[5] != ELFDATA2LSB.0 {
        return Err("it is not a 64-bit little-endian ELF file".into());
    }
    let version = "it is of an unknown version of ELF";
    let header = ImageHeader::parse(bytes).map_err(|_| version.to_owned())?;
    if header.e_version.get(LittleEndian) != 1 {
        return Err(version.into());
    }
    let system = (header.e_ident.os_abi, header.e_ident.abi_version);
    if !matches!(system.0, ELFOSABI_NONE | ELFOSABI_GNU) || system.1 != 0 {
        return Err("it is for another system than that of the Vector Engine".into());
    }
    let size = header.e_ehsize.get(LittleEndian);
    if u64::from(size) != HEADER_SIZE {
        return Err(format!("its header has {size} bytes, not {HEADER_SIZE}"));
    }
    let machine = header.e_machine.get(LittleEndian);
    if machine.0 != EM_VE {
        return Err(format!(
            "it is for machine {}, not for the Vector Engine ({EM_VE})",
            machine.0
        ));
    }
    let flags = header.e_flags.get(LittleEndian);
    match flags.0 & ARCHITECTURE {
        0 => {}
        1 => {
            return Err(
                "it is for VE3, whose further instructions are not known; compile it for VE1"
                    .into(),
            );
        }
        other => return Err(format!("it is for an unknown architecture, {other}")),
    }
    match header.e_type.get(LittleEndian) {
        ET_REL => Ok((header, FileKind::Relocatable)),
        ET_DYN => Ok((header, FileKind::Shared)),
        other => Err(format!(
            "it is neither a relocatable nor a shared object: its type is {}",
            other.0
        )),
    }
}
