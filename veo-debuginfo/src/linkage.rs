//! What a library is linked with: which libraries it needs, which symbols it needs or has.

use object::elf::{DT_NEEDED, DT_SONAME};

use crate::image::Image;

pub use crate::image::DynamicSymbol;

/// A library as the loader sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linkage {
    /// The name by which others need it, if it has one.
    pub name: Option<String>,
    /// The libraries that it needs, by that name of theirs.
    pub needs: Vec<String>,
}

impl Linkage {
    /// Reads it from a library's bytes. `None` if they are no 64-bit library of a
    /// little-endian machine.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Linkage> {
        let mut linkage = Linkage::default();
        let table = Image::parse(bytes).ok()?.dynamic_table().ok()?;
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

/// The dynamic symbols of a library; none if the bytes are no 64-bit library of a little-endian
/// machine.
#[must_use]
pub fn symbols(bytes: &[u8]) -> Vec<DynamicSymbol<'_>> {
    Image::parse(bytes).map_or_else(|_| Vec::new(), |image| image.dynamic_symbols().collect())
}
