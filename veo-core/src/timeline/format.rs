//! The contents of a trace, in any format.

use std::fmt;

use crate::session::{CommandState, RequestKind, RequestRecord};

/// A program whose requests are recorded.
#[derive(Clone, Debug)]
pub(super) struct ProgramInfo {
    pub(super) name: String,
    /// Its process number on the host, and its rank if it is one of several under MPI.
    pub(super) pid: u32,
    pub(super) rank: Option<String>,
    /// When the recording began, in nanoseconds of `CLOCK_MONOTONIC`.
    pub(super) start: u64,
    /// Makes names of things differ from those in other files.
    pub(super) unique: u64,
}

/// A VE process of the program.
#[derive(Clone, Debug)]
pub(super) struct ProcessInfo {
    pub(super) name: String,
    /// Its process number on the host, if that is known.
    pub(super) pid: Option<i32>,
    /// The number of the context that is there from the start.
    pub(super) main: u64,
}

/// Writes what is recorded behind what was written before. Each call writes something that a
/// reader can do with if nothing follows.
pub(super) trait TraceFormat: Send {
    fn program(&mut self, out: &mut Vec<u8>, program: &ProgramInfo);

    /// A VE process, by the number that the other functions call it.
    fn process(&mut self, out: &mut Vec<u8>, process: u32, info: &ProcessInfo);

    fn request(&mut self, out: &mut Vec<u8>, process: u32, record: &RequestRecord);

    /// How many requests of a context are queued or run from this time on.
    fn depth(&mut self, out: &mut Vec<u8>, process: u32, context: u64, time: u64, depth: u64);

    /// How many bytes of VE memory are allocated from this time on.
    fn memory(&mut self, out: &mut Vec<u8>, process: u32, time: u64, bytes: u64);

    /// A time during which one thread alone submitted to a context.
    fn block(&mut self, out: &mut Vec<u8>, process: u32, context: u64, begin: u64, end: u64);

    /// Something that happened to a process.
    fn instant(&mut self, out: &mut Vec<u8>, process: u32, time: u64, what: &str);

    /// Nothing comes of a process any more.
    fn forget(&mut self, process: u32);

    /// How many contexts, or tracks of them, it remembers.
    #[cfg(test)]
    fn remembered(&self) -> usize;

    /// Writes how much is missing in the trace by this time.
    fn missing(&mut self, out: &mut Vec<u8>, time: u64, missing: MissingEvents);

    /// The bytes at the end of the file, which are written again after each addition.
    fn tail(&self) -> &'static [u8] {
        b""
    }
}

/// How much was left out since the recording began, because the writer was behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MissingEvents {
    pub(super) requests: u64,
    /// Values of the allocated memory, and request blocks.
    pub(super) marks: u64,
}

impl fmt::Display for MissingEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MissingEvents { requests, marks } = self;
        if *marks == 0 {
            write!(f, "{requests} requests")?;
        } else {
            write!(
                f,
                "{requests} requests, {marks} values of memory or request blocks"
            )?;
        }
        f.write_str(" are missing up to here: the writer of the timeline was behind")
    }
}

/// The largest number of contexts that are remembered. One that is forgotten is described anew.
pub(super) const CONTEXTS: usize = 1024;

/// Which of a context's tracks shows that a request runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    Ve,
    Transfers,
    HostFunctions,
}

impl Lane {
    pub(super) fn of(kind: &RequestKind) -> Lane {
        match kind {
            RequestKind::Kernel(_) | RequestKind::Function(_) | RequestKind::Alloc(_) => Lane::Ve,
            RequestKind::Read(_) | RequestKind::Write(_) | RequestKind::Copy(_) => Lane::Transfers,
            RequestKind::HostFunction | RequestKind::After(_) => Lane::HostFunctions,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Lane::Ve => "VE",
            Lane::Transfers => "transfers",
            Lane::HostFunctions => "host functions",
        }
    }
}

/// The name of a request.
pub(super) fn name(kind: &RequestKind) -> &str {
    match kind {
        RequestKind::Kernel(kernel) => kernel.info().name,
        RequestKind::Function(function) => &function.name,
        other => fixed_name(other),
    }
}

/// The name of a request that is no call.
pub(super) fn fixed_name(kind: &RequestKind) -> &'static str {
    match kind {
        RequestKind::Kernel(_) | RequestKind::Function(_) => "kernel",
        RequestKind::Read(_) => "read",
        RequestKind::Write(_) => "write",
        RequestKind::Copy(_) => "copy",
        RequestKind::Alloc(_) => "allocate",
        RequestKind::HostFunction => "host function",
        RequestKind::After(_) => "wait for another context",
    }
}

/// How many bytes a request moves or allocates.
pub(super) fn bytes(kind: &RequestKind) -> Option<u64> {
    match kind {
        RequestKind::Read(range) | RequestKind::Write(range) | RequestKind::Copy(range) => {
            Some(range.size as u64)
        }
        RequestKind::Alloc(size) => Some(*size),
        RequestKind::Kernel(_)
        | RequestKind::Function(_)
        | RequestKind::HostFunction
        | RequestKind::After(_) => None,
    }
}

/// How a request ended, if not well.
pub(super) fn failure(record: &RequestRecord) -> Option<&'static str> {
    match record.state {
        CommandState::Ok => None,
        CommandState::Exception => Some("exception"),
        CommandState::Error => Some("error"),
        CommandState::Lost => Some("lost"),
    }
}

/// Whether a request ran at all. One that failed without a known start waited behind another
/// that ended the process.
pub(super) fn has_run(record: &RequestRecord) -> bool {
    match record.state {
        CommandState::Ok | CommandState::Exception => true,
        CommandState::Error => !record.times.estimated,
        CommandState::Lost => false,
    }
}

/// The name of a context.
pub(super) fn context_name(context: u64, info: Option<&ProcessInfo>) -> String {
    if info.is_some_and(|info| info.main == context) {
        "main context".into()
    } else {
        format!("context {context}")
    }
}
