//! What functions of the host keep for a machine: blocks of memory, streams, functions to call at the end, variables.
//!
//! It uses `memory`, and of `interp` who may ask a thread to stop; it knows nothing of threads and arguments.

mod behind;
mod directories;
mod exits;
mod files;
mod heap;
mod keys;
mod opening;
mod options;
mod random;
mod streams;
mod variables;

use std::collections::HashMap;
use std::ffi::CString;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::check;
use crate::memory::{MemoryError, Window};

pub(crate) use directories::{Directory, DirectoryEntry};
pub(crate) use exits::{ExitFunction, Exits};
pub(crate) use files::{Files, OpenFile, is_pipe, wait_for};
pub(crate) use heap::{Heap, HeapError};
pub(crate) use keys::Keys;
pub(crate) use opening::open;
pub(crate) use options::OptionState;
pub(crate) use random::{Random, Random48};
pub(crate) use streams::{CStream, HeldStream, Streams};
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
    random48: Mutex<Random48>,
    /// The handler of each signal.
    handlers: Mutex<[u64; SIGNALS]>,
    /// The entries of `hsearch`, while there is a table.
    entries: Mutex<Option<Entries>>,
    options: Mutex<OptionState>,
    /// Open directories, by the addresses that stand for them.
    directories: Mutex<HashMap<u64, Directory>>,
    /// Held during atomic operations that no instruction does.
    atomics: Mutex<()>,
    /// Memory that functions make once, by their names.
    lasting: Mutex<HashMap<&'static str, u64>>,
    /// The ranges that the program has mapped.
    pub(crate) maps: Mutex<HashMap<u64, u64>>,
    variables: Variables,
}

/// How many signals there are, with number 0, which is none.
const SIGNALS: usize = 65;

/// Addresses by names.
pub(crate) type Entries = HashMap<Vec<u8>, u64>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
            random48: Mutex::default(),
            handlers: Mutex::new([0; SIGNALS]),
            entries: Mutex::default(),
            options: Mutex::default(),
            directories: Mutex::default(),
            atomics: Mutex::default(),
            lasting: Mutex::default(),
            maps: Mutex::default(),
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
        lock(&self.random)
    }

    /// What `drand48` works on.
    pub(crate) fn random48(&self) -> MutexGuard<'_, Random48> {
        lock(&self.random48)
    }

    /// The handlers of signals.
    pub(crate) fn handlers(&self) -> MutexGuard<'_, [u64; SIGNALS]> {
        lock(&self.handlers)
    }

    /// The table of `hsearch`.
    pub(crate) fn entries(&self) -> MutexGuard<'_, Option<Entries>> {
        lock(&self.entries)
    }

    /// What `getopt` knows between two calls.
    pub(crate) fn options(&self) -> MutexGuard<'_, OptionState> {
        lock(&self.options)
    }

    /// The open directories.
    pub(crate) fn directories(&self) -> MutexGuard<'_, HashMap<u64, Directory>> {
        lock(&self.directories)
    }

    /// Lets nobody else do an atomic operation that is no instruction.
    pub(crate) fn atomics(&self) -> MutexGuard<'_, ()> {
        lock(&self.atomics)
    }

    /// Memory with this name, which is made the first time; nothing if there is no memory.
    pub(crate) fn lasting(
        &self,
        window: &Window,
        name: &'static str,
        make: impl FnOnce() -> Vec<u8>,
    ) -> Option<u64> {
        let mut lasting = lock(&self.lasting);
        if let Some(address) = lasting.get(name) {
            return Some(*address);
        }
        let bytes = make();
        let (address, _) = self.heap.allocate(window, bytes.len() as u64, 16)?;
        // The block is new, so it can be written.
        let _ = window.write(address, &bytes);
        if let Some(checker) = self.heap.checker() {
            checker.keep(address);
            check::define(window, address..address + bytes.len() as u64);
        }
        lasting.insert(name, address);
        Some(address)
    }
}
