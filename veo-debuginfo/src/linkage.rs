//! What a library is linked with: which functions it knows by name, and which libraries it
//! needs.

use object::elf::{DT_NEEDED, DT_SONAME};
use object::read::elf::ElfFile64;
use object::{LittleEndian, Object as _, ObjectSymbol as _};

/// A library as the loader sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linkage {
    /// The name by which others need it, if it has one.
    pub name: Option<String>,
    /// The libraries that it needs, by that name of theirs.
    pub needs: Vec<String>,
    /// It uses or has one of the functions that were asked for.
    pub knows: bool,
}

impl Linkage {
    /// Reads it from a library's bytes. `None` if they are no 64-bit library of a
    /// little-endian machine.
    #[must_use]
    pub fn read(bytes: &[u8], functions: &[&str]) -> Option<Linkage> {
        let file = ElfFile64::<LittleEndian>::parse(bytes).ok()?;
        let mut linkage = Linkage {
            knows: file
                .dynamic_symbols()
                .any(|symbol| symbol.name().is_ok_and(|name| functions.contains(&name))),
            ..Linkage::default()
        };
        let sections = file.elf_section_table();
        let table = sections.dynamic_table(LittleEndian, bytes).ok()?;
        for entry in &table {
            let text = || {
                let bytes = table.string(entry).ok()?;
                Some(String::from_utf8_lossy(bytes).into_owned())
            };
            match entry.tag {
                DT_NEEDED => linkage.needs.extend(text()),
                DT_SONAME => linkage.name = text(),
                _ => {}
            }
        }
        Some(linkage)
    }
}
