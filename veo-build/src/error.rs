//! The error type of a build.

use std::fmt;

/// The result of a build step.
pub type Result<T> = std::result::Result<T, Error>;

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A variable that Cargo sets is missing, so this is not a build script.
    MissingVariable,
    /// The builder or an environment variable asks for something impossible.
    InvalidArgument,
    /// A file could not be read or written.
    Io,
    /// A compiler or another tool is not installed.
    ToolNotFound,
    /// A tool refused its command line or found an error in a source.
    ToolFailed,
    /// A compiler found no licence.
    NoLicence,
    /// A tool was ended by a signal.
    ToolCrashed,
    /// A tool reported success, but its output is wrong.
    WrongOutput,
}

/// Why a build failed: a kind to match and a message to show.
///
/// If a tool failed, the message has its full output and the command line that repeats it.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }

    pub(crate) fn io(doing: impl fmt::Display, error: &std::io::Error) -> Self {
        Self::new(ErrorKind::Io, format!("{doing}: {error}"))
    }

    /// Joins several errors: the kind of the first, the messages of all.
    pub(crate) fn all(errors: Vec<Self>) -> Option<Self> {
        let kind = errors.first()?.kind;
        let messages: Vec<_> = errors.into_iter().map(|error| error.message).collect();
        Some(Self::new(kind, messages.join("\n\n")))
    }

    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
