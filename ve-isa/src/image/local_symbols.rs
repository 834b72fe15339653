//! The symbols of a shared object that only section headers lead to: those of local functions, for reports.

use object::LittleEndian;
use object::elf::{SHT_SYMTAB, SectionHeader64};
use object::read::elf::FileHeader as _;

use super::dynamic::ElfSymbol;
use super::{Source, file};

/// The symbols and their names; nothing if the file has none, or has them in a way that cannot be read.
pub(super) fn read(source: Source<'_>) -> Option<Vec<(ElfSymbol, String)>> {
    let endian = LittleEndian;
    let bytes = source.read(0, file::HEADER_SIZE).ok()?;
    let (header, _) = file::header(&bytes).ok()?;
    let count = usize::from(header.e_shnum(endian));
    if usize::from(header.e_shentsize(endian)) != size_of::<SectionHeader64<LittleEndian>>() {
        return None;
    }
    let bytes = source
        .read(header.e_shoff(endian), 64 * count as u64)
        .ok()?;
    let (sections, _) =
        object::slice_from_bytes::<SectionHeader64<LittleEndian>>(&bytes, count).ok()?;
    let symbols = sections
        .iter()
        .find(|section| section.sh_type.get(endian) == SHT_SYMTAB)?;
    let strings = sections.get(symbols.sh_link.get(endian) as usize)?;
    let content = |section: &SectionHeader64<LittleEndian>| {
        let (offset, size) = (section.sh_offset.get(endian), section.sh_size.get(endian));
        source.read(offset, size).ok()
    };
    let (bytes, strings) = (content(symbols)?, content(strings)?);
    let count = bytes.len() / size_of::<ElfSymbol>();
    let (symbols, _) = object::slice_from_bytes::<ElfSymbol>(&bytes, count).ok()?;
    let named = symbols.iter().filter_map(|symbol| {
        let rest = strings.get(symbol.st_name.get(endian) as usize..)?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        let name = String::from_utf8_lossy(&rest[..end]).into_owned();
        Some((*symbol, name))
    });
    Some(named.collect())
}
