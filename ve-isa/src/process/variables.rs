//! Variables that a C library has for the programs that use it.

use std::ffi::CString;

use crate::memory::{MemoryError, Protection, Window};

/// The variables by name, 8 bytes each, in the order of their places.
const NAMES: [&[&str]; 8] = [
    &["stdin"],
    &["stdout"],
    &["stderr"],
    &["environ", "__environ", "_environ"],
    &["__stack_chk_guard"],
    &["__dso_handle"],
    &["signgam", "__signgam"],
    &["optind"],
];

const ENVIRONMENT: u64 = 3;
const GUARD: u64 = 4;

/// Bytes behind the variables for each of the three streams: programs see their addresses only.
const STREAM: u64 = 64;

/// Memory with the variables.
#[derive(Debug)]
pub(super) struct Variables {
    start: u64,
}

impl Variables {
    pub(super) fn new(window: &Window) -> Result<Self, MemoryError> {
        let length = 8 * NAMES.len() as u64 + 3 * STREAM;
        let range = window.map(length, Protection::ReadWrite)?;
        let new = Self { start: range.start };
        for (index, stream) in new.streams().into_iter().enumerate() {
            // The range has just been mapped for writing.
            let _ = window.store::<8>(new.at(index as u64), stream);
        }
        let _ = window.store::<8>(new.at(GUARD), 0x00ff_5a3c_96e1_7b00);
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

    fn at(&self, index: u64) -> u64 {
        self.start + 8 * index
    }

    /// What stands for the standard streams.
    pub(super) fn streams(&self) -> [u64; 3] {
        let first = self.at(NAMES.len() as u64);
        [first, first + STREAM, first + 2 * STREAM]
    }

    pub(super) fn find(&self, name: &str) -> Option<u64> {
        let index = NAMES.iter().position(|names| names.contains(&name))?;
        Some(self.at(index as u64))
    }
}
