//! What can go wrong in a build, as one error type.

use std::fmt;

/// The result of a build step.
pub type Result<T> = std::result::Result<T, Error>;

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Not running in a build script: a variable that Cargo sets is missing.
    MissingVariable,
    /// The builder, or a variable of the environment, says something that cannot be done.
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
    /// A tool reported success but what it made is not what was asked for.
    WrongOutput,
}

/// Why a build failed: a kind to match on and a message to show.
///
/// The message of a failed tool has its full output and the command line that repeats it.
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

    /// The first of several errors, with the messages of all.
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
