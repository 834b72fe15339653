//! Directories that machine code reads.

/// An open directory: what was in it when it was opened.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) entries: Vec<DirectoryEntry>,
    /// The index of the next one to be read.
    pub(crate) next: usize,
}

/// A file in a directory.
#[derive(Debug, Clone)]
pub(crate) struct DirectoryEntry {
    /// The number that the system knows it by.
    pub(crate) number: u64,
    /// What it is, as `struct dirent` has it.
    pub(crate) kind: u8,
    pub(crate) name: Vec<u8>,
}
