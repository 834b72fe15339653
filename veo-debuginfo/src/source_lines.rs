//! Source lines of addresses in libraries, from their debug information.
//!
//! The files are not trusted. They are read into memory rather than mapped, since another
//! process could truncate a mapped file. A panic of the reader counts as finding nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::budget::Budget;
use crate::files;
use crate::image::ElfImage;
use crate::original::Original;

/// The source location of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceLocation {
    /// The function that contains it, as its source names it.
    pub function: String,
    /// The symbol of that function.
    pub symbol: String,
    /// Its source file. Empty if it is unknown.
    pub file: String,
    /// Its source line, counted from 1. 0 if it is unknown.
    pub line: u32,
}

/// A library's file, in which source locations are looked up.
#[derive(Debug)]
pub struct SourceLines {
    bytes: Vec<u8>,
    debug: Option<Vec<u8>>,
}

impl SourceLines {
    /// Reads a library and its separate debug file, if it has one. `None` if the library cannot
    /// be read.
    #[must_use]
    pub fn open(file: &Original) -> Option<SourceLines> {
        let bytes = file.bytes().ok()?;
        let debug = files::debug_files(file.path(), &ElfImage::parse(&bytes).ok()?)
            .filter_map(|path| files::load(&path).ok())
            .find(|debug| files::debug_file_belongs(&bytes, debug));
        Some(SourceLines::of(bytes, debug))
    }

    /// Takes the bytes of a library and of its separate debug file.
    #[must_use]
    pub fn of(bytes: Vec<u8>, debug: Option<Vec<u8>>) -> SourceLines {
        SourceLines { bytes, debug }
    }

    /// The length of the loaded library in memory.
    #[must_use]
    pub fn extent(&self) -> u64 {
        tolerant(|| Some(ElfImage::parse(&self.bytes).ok()?.extent())).unwrap_or(0)
    }

    /// The address under which [`find`](Self::find) knows the beginning of a section of a relocatable object. `None` for a
    /// library, whose addresses are those in the file.
    #[must_use]
    pub fn section_address(&self, index: usize) -> Option<u64> {
        tolerant(|| ElfImage::parse(&self.bytes).ok()?.section_address(index))
    }

    /// The source location of an address in the file.
    #[must_use]
    pub fn find(&self, address: u64) -> SourceLocation {
        let of = |bytes: &[u8]| tolerant(|| line(bytes, address));
        let mut place = self
            .debug
            .as_deref()
            .and_then(of)
            .or_else(|| of(&self.bytes))
            .unwrap_or_default();
        if place.function.is_empty() {
            let name = || {
                let image = ElfImage::parse(&self.bytes).ok()?;
                image.function_at(address).map(str::to_owned)
            };
            place.symbol = tolerant(name).unwrap_or_default();
            place.function = demangle(&place.symbol);
        }
        place
    }
}

type DwarfReader<'a> = gimli::EndianSlice<'a, gimli::LittleEndian>;

/// The result of a reader. `None` if it panics.
fn tolerant<T>(read: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

fn line(bytes: &[u8], address: u64) -> Option<SourceLocation> {
    // The reader computes the next address, which must not overflow.
    address.checked_add(1)?;
    let length = bytes.len();
    let data = ElfImage::parse(bytes)
        .and_then(|image| image.debug_sections(length, &mut Budget::new(length), &mut Vec::new()))
        .ok()?;
    let section = |id| {
        let bytes: &[u8] = data.get(&id).map_or(&[], |bytes| bytes);
        Ok::<_, gimli::Error>(DwarfReader::new(bytes, gimli::LittleEndian))
    };
    let dwarf: gimli::Dwarf<DwarfReader<'_>> = gimli::Dwarf::load(section).ok()?;
    let context = addr2line::Context::from_dwarf(dwarf).ok()?;
    let mut place = SourceLocation::default();
    let mut frames = context.find_frames(address).skip_all_loads().ok()?;
    while let Ok(Some(frame)) = frames.next() {
        if let Some(location) = frame.location
            && place.line == 0
        {
            place.file = location.file.unwrap_or_default().to_owned();
            place.line = location.line.unwrap_or(0);
        }
        // The outermost frame is the function that has a symbol.
        if let Some(function) = &frame.function
            && let Ok(symbol) = function.raw_name()
        {
            place.function = function.demangle().unwrap_or_default().into_owned();
            place.symbol = symbol.into_owned();
        }
    }
    (place != SourceLocation::default()).then_some(place)
}

/// The name of a symbol in the source. The demangler may panic on a name from a damaged file.
fn demangle(symbol: &str) -> String {
    let name = || Some(addr2line::demangle_auto(symbol.into(), None).into_owned());
    tolerant(name).unwrap_or_else(|| symbol.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_address_of_all_has_no_line() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(line(&own, u64::MAX), None);
        let here = SourceLines::of(own, None).find(u64::MAX);
        assert_eq!((here.line, here.function), (0, String::new()));
    }
}
