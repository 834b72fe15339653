//! Why a file cannot be read.

use std::path::PathBuf;

use crate::budget::Stop;

/// Why the prototypes of a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file cannot be read.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        reason: String,
    },
    /// The bytes are not an ELF file.
    #[error("not an ELF file: a kernel library starts with the bytes 7f 45 4c 46")]
    NotElf,
    /// An ELF file of a kind that no VE or VE host uses.
    #[error("{0}; kernel libraries are 64-bit little-endian ELF files")]
    Unsupported(&'static str),
    /// The file contradicts itself.
    #[error("the ELF file is damaged: {0}; build it again")]
    Damaged(String),
    /// The debug file belongs to another build of the library.
    #[error("the debug file does not belong to this library ({0}); build both again")]
    OtherBuild(&'static str),
    /// Reading would take more time or memory than a file of this size may take.
    #[error("the debug information would take too long to read; it is probably damaged")]
    TooComplex,
}

impl From<Stop> for ReadError {
    fn from(stop: Stop) -> ReadError {
        match stop {
            Stop::Exhausted => ReadError::TooComplex,
            Stop::Damaged(error) => ReadError::Damaged(error.to_string()),
        }
    }
}

pub(crate) fn damaged(error: object::read::Error) -> ReadError {
    ReadError::Damaged(error.to_string())
}
