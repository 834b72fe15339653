//! What functions of the host keep for a machine: blocks of memory, streams, functions to call at the end, variables.
//!
//! It uses `memory` and knows nothing of threads and arguments.

mod exits;
mod files;
mod heap;
mod keys;
mod random;
mod streams;
mod variables;

use std::ffi::CString;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::memory::{MemoryError, Window};

pub(crate) use exits::{Exit, Exits};
pub(crate) use files::Files;
pub(crate) use heap::{Heap, HeapError};
pub(crate) use keys::Keys;
pub(crate) use random::Random;
pub(crate) use streams::{Stream, Streams};
use variables::Variables;

/// What functions of the host keep for a machine.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) heap: Heap,
    pub(crate) streams: Streams,
    pub(crate) exits: Exits,
    pub(crate) files: Files,
    pub(crate) keys: Keys,
    random: Mutex<Random>,
    variables: Variables,
}

impl Process {
    /// Nothing is allocated, and the three streams are open.
    pub(crate) fn new(window: &Window) -> Result<Self, MemoryError> {
        let variables = Variables::new(window)?;
        Ok(Self {
            heap: Heap::default(),
            streams: Streams::new(variables.streams()),
            exits: Exits::default(),
            files: Files::default(),
            keys: Keys::default(),
            random: Mutex::default(),
            variables,
        })
    }

    /// The address of a variable that the host has for machine code.
    pub(crate) fn variable(&self, name: &str) -> Option<u64> {
        self.variables.find(name)
    }

    /// Makes these entries, as `NAME=value`, the environment. The result is the address of their list.
    pub(crate) fn set_environment(
        &self,
        window: &Window,
        entries: &[CString],
    ) -> Result<u64, MemoryError> {
        self.variables.set_environment(window, entries)
    }

    /// What `rand` works on.
    pub(crate) fn random(&self) -> MutexGuard<'_, Random> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
