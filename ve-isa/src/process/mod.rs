//! The state that functions of the host keep for a machine: blocks of memory, streams, functions to call at the end, variables.
//!
//! It uses `memory`, and from `interp` the handle that asks a thread to stop; it knows nothing of threads and arguments.

mod directories;
mod exits;
mod files;
mod heap;
mod keys;
mod memory_file;
mod opening;
mod options;
mod random;
mod regex;
mod sent;
mod stream_file;
mod streams;
mod variables;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tz::TimeZone;

use crate::check;
use crate::interp::StopHandle;
use crate::memory::{FileMapping, MemoryError, Protection, Window};

pub(crate) use directories::{Directory, DirectoryEntry, entries_of, open_directory};
pub(crate) use exits::{ExitFunction, Exits};
pub(crate) use files::{Files, OpenFile, is_pipe, wait_for};
pub(crate) use heap::{Heap, HeapError};
pub(crate) use keys::Keys;
pub(crate) use memory_file::{MemoryFile, MemoryPlace};
pub(crate) use opening::{open, open_at};
pub(crate) use options::OptionState;
pub(crate) use random::{Random, Random48};
pub(crate) use regex::{Regex, Regexes};
pub(crate) use sent::SentSignals;
pub(crate) use streams::{CStream, HeldStream, Streams};
use variables::Variables;

/// The state that functions of the host keep for a machine.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) heap: Heap,
    pub(crate) streams: Streams,
    pub(crate) exits: Exits,
    pub(crate) files: Files,
    pub(crate) keys: Keys,
    random: Mutex<Random>,
    /// Where the program keeps the state of these numbers while another one is in force; 0 for none.
    random_place: Mutex<u64>,
    random48: Mutex<Random48>,
    /// The action for each signal.
    actions: Mutex<[SignalAction; SIGNALS]>,
    /// Signals that were sent to the program by a thread that blocks them: a bit for each.
    waiting_signals: AtomicU64,
    pub(crate) sent_signals: SentSignals,
    /// The entries of `hsearch`, while there is a table.
    entries: Mutex<Option<Entries>>,
    options: Mutex<OptionState>,
    regexes: Regexes,
    /// Open directories, by the addresses that stand for them.
    directories: Mutex<HashMap<u64, Directory>>,
    /// Held during atomic operations that no instruction does.
    atomics: Mutex<()>,
    /// Memory that functions make once, by their names.
    lasting: Mutex<HashMap<Cow<'static, str>, u64>>,
    /// The time zone of the program, with the text that it was read from.
    zone: Mutex<Option<KnownZone>>,
    /// The ranges that the program has mapped, by their first addresses.
    maps: Mutex<HashMap<u64, MappedRange>>,
    variables: Variables,
}

/// The numbers below are those of the standard files.
const STANDARD: i32 = 3;

/// How many signals there are, with number 0, which is none.
const SIGNALS: usize = 65;

/// A program's action for a signal, as in its `struct sigaction`.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct SignalAction {
    pub(crate) handler: u64,
    /// The signals that are blocked meanwhile: a bit for each.
    pub(crate) mask: u64,
    pub(crate) flags: u32,
}

/// Memory that a program has mapped.
///
/// It keeps no number of its file: closing one gives up all locks that the process has of that file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MappedRange {
    pub(crate) length: u64,
    /// The accesses that it allows; `None` if parts of it differ.
    pub(crate) protection: Option<Protection>,
    /// How its file is mapped, if it has one.
    pub(crate) file: Option<FileMapping>,
}

/// A time zone and the value of the variable `TZ` that it was read from.
type KnownZone = (Option<Vec<u8>>, Arc<TimeZone>);

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
            random_place: Mutex::default(),
            random48: Mutex::default(),
            actions: Mutex::new([SignalAction::default(); SIGNALS]),
            waiting_signals: AtomicU64::new(0),
            sent_signals: SentSignals::default(),
            entries: Mutex::default(),
            options: Mutex::default(),
            regexes: Regexes::default(),
            directories: Mutex::default(),
            atomics: Mutex::default(),
            lasting: Mutex::default(),
            zone: Mutex::default(),
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

    /// Lets machine code use a file that was just opened; the result is its number, as ever the least one from `least` that is free.
    pub(crate) fn add_file(&self, file: Arc<OwnedFd>, least: i32, stop: &StopHandle) -> i32 {
        let number = self.files.add(OpenFile::Opened(file.clone()), least);
        if number < STANDARD {
            self.streams.redirect(number, &file, stop);
        }
        number
    }

    /// Gives a file this number, whatever had it before, also for the streams that use it.
    pub(crate) fn set_file(&self, number: i32, file: &Arc<OwnedFd>, stop: &StopHandle) {
        self.files.set(number, OpenFile::Opened(file.clone()));
        self.streams.redirect(number, file, stop);
    }

    /// The time zone that a text stands for. It is read when the text is another one than before.
    pub(crate) fn zone(
        &self,
        text: Option<Vec<u8>>,
        read: impl FnOnce(Option<&[u8]>) -> TimeZone,
    ) -> Arc<TimeZone> {
        let mut known = lock(&self.zone);
        if let Some((before, zone)) = &*known
            && *before == text
        {
            return zone.clone();
        }
        let zone = Arc::new(read(text.as_deref()));
        *known = Some((text, zone.clone()));
        zone
    }

    /// The ranges that the program has mapped.
    pub(crate) fn maps(&self) -> MutexGuard<'_, HashMap<u64, MappedRange>> {
        lock(&self.maps)
    }

    /// The state of `rand`.
    pub(crate) fn random(&self) -> MutexGuard<'_, Random> {
        lock(&self.random)
    }

    /// Where the state of `rand` goes when another one comes into force.
    pub(crate) fn random_place(&self) -> MutexGuard<'_, u64> {
        lock(&self.random_place)
    }

    /// The state of `drand48`.
    pub(crate) fn random48(&self) -> MutexGuard<'_, Random48> {
        lock(&self.random48)
    }

    /// The actions for signals.
    pub(crate) fn signal_actions(&self) -> MutexGuard<'_, [SignalAction; SIGNALS]> {
        lock(&self.actions)
    }

    /// Signals that wait for any thread: a bit for each.
    pub(crate) fn waiting_signals(&self) -> &AtomicU64 {
        &self.waiting_signals
    }

    /// The table of `hsearch`.
    pub(crate) fn entries(&self) -> MutexGuard<'_, Option<Entries>> {
        lock(&self.entries)
    }

    /// The state of `getopt` between two calls.
    pub(crate) fn options(&self) -> MutexGuard<'_, OptionState> {
        lock(&self.options)
    }

    /// The regular expressions.
    pub(crate) fn regexes(&self) -> &Regexes {
        &self.regexes
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
        name: impl Into<Cow<'static, str>>,
        make: impl FnOnce() -> Vec<u8>,
    ) -> Option<u64> {
        let name = name.into();
        let mut lasting = lock(&self.lasting);
        if let Some(address) = lasting.get(&name) {
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
