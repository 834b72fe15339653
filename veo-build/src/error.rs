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
    /// The builder was given something it cannot use.
    InvalidArgument,
    /// A file could not be read or written.
    Io,
    /// A compiler or another tool is not installed.
    ToolNotFound,
    /// A compiler or another tool reported failure.
    ToolFailed,
}

/// Why a build failed: a kind to match on and a message to show.
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

    pub(crate) fn io(doing: impl fmt::Display, error: &std::io::Error) -> Self {
        Self::new(ErrorKind::Io, format!("{doing}: {error}"))
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
