//! The kind of a request, and its name in messages.

use std::fmt;
use std::sync::Arc;

use super::code::LibraryCode;
use crate::error::{Error, parameter};
use crate::kernel::Kernel;

/// The VE memory that a transfer reads or writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TransferRange {
    addr: u64,
    /// In bytes.
    pub(crate) size: usize,
}

impl TransferRange {
    pub(crate) fn new(addr: u64, size: usize) -> TransferRange {
        TransferRange { addr, size }
    }
}

/// A function that was looked up by its name.
#[derive(Debug)]
pub(crate) struct NamedFunction {
    pub(crate) name: Arc<str>,
    /// Its library.
    pub(crate) code: Arc<LibraryCode>,
}

/// The kind of a request.
#[derive(Clone, Debug)]
pub(crate) enum RequestKind {
    Kernel(&'static Kernel),
    Function(Arc<NamedFunction>),
    Read(TransferRange),
    Write(TransferRange),
    /// Within the memory of a process. The address is the target's.
    Copy(TransferRange),
    Alloc(u64),
    HostFunction,
    /// The wait for a request of another context, of this number.
    After(u64),
}

impl RequestKind {
    /// The symbol of the kernel, if it is a call of one.
    pub(crate) fn kernel(&self) -> Option<&str> {
        match self {
            RequestKind::Kernel(kernel) => Some(kernel.info().symbol),
            RequestKind::Function(function) => Some(&function.name),
            _ => None,
        }
    }

    /// How many bytes it moves, if it is a transfer.
    pub(crate) fn bytes(&self) -> Option<u64> {
        self.range().map(|range| range.size as u64)
    }

    /// The memory that it reads or writes, if it is a transfer.
    fn range(&self) -> Option<&TransferRange> {
        match self {
            RequestKind::Read(range) | RequestKind::Write(range) | RequestKind::Copy(range) => {
                Some(range)
            }
            _ => None,
        }
    }

    /// All that was asked for, for the error of a request that has failed.
    #[cold]
    pub(crate) fn in_full(&self) -> String {
        match self.range() {
            Some(range) => format!("{self} at {:#x}", range.addr),
            None => self.to_string(),
        }
    }

    /// The same error, where it is about an argument, with the call and the parameter.
    #[cold]
    pub(crate) fn explain(&self, error: Error, proc: &dyn fmt::Display) -> Error {
        let called = || Some(format!("{self} on {proc}"));
        match error {
            Error::Argument {
                index,
                name,
                call: None,
                reason,
            } => Error::Argument {
                index,
                name: name.or_else(|| self.parameter(index)),
                call: called(),
                reason,
            },
            Error::WrongProcess {
                argument: Some(index),
                belongs_to,
                ..
            } => Error::WrongProcess {
                what: format!("{} of {self}", parameter(index, self.parameter(index))),
                argument: Some(index),
                belongs_to,
                used_with: proc.to_string(),
            },
            Error::TooManyArguments { count, call: None } => Error::TooManyArguments {
                count,
                call: called(),
            },
            Error::StackDataTooLarge {
                size,
                largest,
                call: None,
                ..
            } => Error::StackDataTooLarge {
                size,
                largest,
                name: self.parameter(largest),
                call: called(),
            },
            other => other,
        }
    }

    /// The name of a parameter.
    fn parameter(&self, index: usize) -> Option<String> {
        let RequestKind::Kernel(kernel) = self else {
            return None;
        };
        let name = kernel.info().parameters.get(index);
        name.filter(|name| **name != "_")
            .map(|name| (*name).to_owned())
    }
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequestKind::Kernel(kernel) => write!(f, "kernel {}", kernel.info().symbol),
            RequestKind::Function(function) => write!(f, "kernel {}", function.name),
            RequestKind::Read(range) => {
                write!(f, "the transfer of {} bytes from the VE", range.size)
            }
            RequestKind::Write(range) => {
                write!(f, "the transfer of {} bytes to the VE", range.size)
            }
            RequestKind::Copy(range) => write!(f, "the copy of {} bytes on the VE", range.size),
            RequestKind::Alloc(size) => write!(f, "the allocation of {size} bytes"),
            RequestKind::HostFunction => f.write_str("the host function"),
            RequestKind::After(number) => {
                write!(f, "the wait for request {number} of another context")
            }
        }
    }
}

/// Names a request, in errors, in the log and in `Debug` output: `kernel add (request 3 of context 2)`.
pub(crate) struct RequestName<'a> {
    kind: Option<&'a RequestKind>,
    number: Option<u64>,
    context: u64,
}

impl<'a> RequestName<'a> {
    /// Without a kind, for a request that was collected, it has its numbers alone.
    pub(crate) fn new(kind: Option<&'a RequestKind>, number: u64, context: u64) -> RequestName<'a> {
        RequestName {
            kind,
            number: Some(number),
            context,
        }
    }

    /// The name of an operation that its caller waits for. It is no request, so it has no number.
    pub(crate) fn waited(kind: &'a RequestKind, context: u64) -> RequestName<'a> {
        RequestName {
            kind: Some(kind),
            number: None,
            context,
        }
    }
}

impl fmt::Display for RequestName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let context = self.context;
        match (self.kind, self.number) {
            (Some(kind), Some(number)) => {
                write!(f, "{kind} (request {number} of context {context})")
            }
            (Some(kind), None) => write!(f, "{kind} (context {context})"),
            (None, Some(number)) => write!(f, "request {number} of context {context}"),
            (None, None) => write!(f, "a request of context {context}"),
        }
    }
}
