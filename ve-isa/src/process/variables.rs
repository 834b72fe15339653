//! Variables that a C library has for the programs that use it.

use std::ffi::CString;

use crate::memory::{MemoryError, Protection, Window};

/// The variables by name with their sizes in bytes, in the order of their places.
const NAMES: [(&[&str], u64); 25] = [
    (&["stdin"], 8),
    (&["stdout"], 8),
    (&["stderr"], 8),
    (&["environ", "__environ", "_environ"], 8),
    (&["__stack_chk_guard"], 8),
    (&["__dso_handle"], 8),
    (&["signgam", "__signgam"], 8),
    (&["optind"], 8),
    (&["opterr"], 8),
    (&["optopt"], 8),
    (&["optarg"], 8),
    (&["timezone", "__timezone"], 8),
    (&["daylight", "__daylight"], 8),
    (&["tzname", "__tzname"], 16),
    (&["_ZSt7nothrow"], 8),
    // Classes of the type descriptions of C++: their addresses tell them apart, and nothing in them can be called.
    (&["_ZTVN10__cxxabiv117__class_type_infoE"], CLASS),
    (&["_ZTVN10__cxxabiv120__si_class_type_infoE"], CLASS),
    (&["_ZTVN10__cxxabiv121__vmi_class_type_infoE"], CLASS),
    (&["_ZTVN10__cxxabiv119__pointer_type_infoE"], CLASS),
    (
        &["_ZTVN10__cxxabiv129__pointer_to_member_type_infoE"],
        CLASS,
    ),
    (&["_ZTVN10__cxxabiv120__function_type_infoE"], CLASS),
    (&["_ZTVN10__cxxabiv117__array_type_infoE"], CLASS),
    (&["_ZTVN10__cxxabiv116__enum_type_infoE"], CLASS),
    (&["_ZTVN10__cxxabiv123__fundamental_type_infoE"], CLASS),
    (&["_ZTISt9type_info"], 16),
];

/// Bytes of a class's table of virtual functions.
const CLASS: u64 = 88;

const ENVIRONMENT: usize = 3;
const GUARD: usize = 4;
const OPTION_INDEX: usize = 7;
const OPTION_ERRORS: usize = 8;

/// Bytes behind the variables for each of the three streams: programs see their addresses only.
const STREAM: u64 = 64;

/// Memory with the variables.
#[derive(Debug)]
pub(super) struct Variables {
    start: u64,
}

impl Variables {
    pub(super) fn new(window: &Window) -> Result<Self, MemoryError> {
        let length = Self::offset(NAMES.len()) + 3 * STREAM;
        let range = window.map(length, Protection::ReadWrite)?;
        let new = Self { start: range.start };
        for (index, stream) in new.streams().into_iter().enumerate() {
            // The range has just been mapped for writing.
            let _ = window.store::<8>(new.at(index), stream);
        }
        let _ = window.store::<8>(new.at(GUARD), 0x00ff_5a3c_96e1_7b00);
        // The first argument that may be an option, and that messages are wanted.
        let _ = window.store::<4>(new.at(OPTION_INDEX), 1);
        let _ = window.store::<4>(new.at(OPTION_ERRORS), 1);
        Ok(new)
    }

    /// Makes these entries, as `NAME=value`, the environment. The result is the address of their list.
    pub(super) fn set_environment(
        &self,
        window: &Window,
        entries: &[CString],
    ) -> Result<u64, MemoryError> {
        let list = 8 * (entries.len() as u64 + 1);
        let text = entries
            .iter()
            .map(|entry| entry.as_bytes_with_nul().len() as u64);
        let range = window.map(list + text.sum::<u64>(), Protection::ReadWrite)?;
        let mut place = range.start + list;
        for (index, entry) in entries.iter().enumerate() {
            // As above; the list ends with a 0.
            let _ = window.store::<8>(range.start + 8 * index as u64, place);
            let _ = window.write(place, entry.as_bytes_with_nul());
            place += entry.as_bytes_with_nul().len() as u64;
        }
        let _ = window.store::<8>(self.at(ENVIRONMENT), range.start);
        Ok(range.start)
    }

    fn offset(index: usize) -> u64 {
        NAMES[..index].iter().map(|(_, size)| size).sum()
    }

    fn at(&self, index: usize) -> u64 {
        self.start + Self::offset(index)
    }

    /// The addresses that stand for the standard streams.
    pub(super) fn streams(&self) -> [u64; 3] {
        let first = self.at(NAMES.len());
        [first, first + STREAM, first + 2 * STREAM]
    }

    pub(super) fn find(&self, name: &str) -> Option<u64> {
        let mut all = NAMES.iter();
        let index = all.position(|(names, _)| names.contains(&name))?;
        Some(self.at(index))
    }
}
