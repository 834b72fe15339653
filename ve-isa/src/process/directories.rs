//! Directories that machine code reads.

use std::ffi::CStr;
use std::io::{Error, Result};
use std::os::fd::{AsRawFd as _, FromRawFd as _, IntoRawFd as _, OwnedFd};
use std::sync::Arc;

/// An open directory: its entries when it was last looked at.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) entries: Vec<DirectoryEntry>,
    /// The index of the next one to be read.
    pub(crate) next: usize,
    pub(crate) file: Arc<OwnedFd>,
    /// The number by which machine code knows the file.
    pub(crate) number: i32,
}

/// A file in a directory.
#[derive(Debug, Clone)]
pub(crate) struct DirectoryEntry {
    /// The number that the system knows it by.
    pub(crate) number: u64,
    /// Its type, as in `struct dirent`.
    pub(crate) kind: u8,
    pub(crate) name: Vec<u8>,
}

/// Opens a directory.
pub(crate) fn open_directory(path: &CStr) -> Result<OwnedFd> {
    super::open(path, FLAGS, 0, || false)
}

const FLAGS: i32 = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;

/// The entries of an open directory, in the system's order.
pub(crate) fn entries_of(directory: &OwnedFd) -> Result<Vec<DirectoryEntry>> {
    // A number of its own, so that where others read it does not change.
    let own = super::open_at(directory.as_raw_fd(), c".", FLAGS, 0, || false)?;
    let number = own.into_raw_fd();
    // SAFETY: nobody else uses the number, which the call takes over where it succeeds.
    let stream = unsafe { libc::fdopendir(number) };
    if stream.is_null() {
        let error = Error::last_os_error();
        // SAFETY: nobody has taken it over.
        drop(unsafe { OwnedFd::from_raw_fd(number) });
        return Err(error);
    }
    let mut entries = Vec::new();
    let outcome = loop {
        // SAFETY: the variable of this thread; the stream is open, and nobody else knows of it.
        let entry = unsafe {
            *libc::__errno_location() = 0;
            libc::readdir64(stream)
        };
        if entry.is_null() {
            let error = Error::last_os_error();
            break match error.raw_os_error() {
                Some(0) | None => Ok(()),
                Some(_) => Err(error),
            };
        }
        // SAFETY: an entry stays until the next call. It may be shorter than its structure, so there is no reference to it; the name
        // ends with a 0 inside of it.
        entries.push(unsafe {
            DirectoryEntry {
                number: (*entry).d_ino,
                kind: (*entry).d_type,
                name: CStr::from_ptr((&raw const (*entry).d_name).cast())
                    .to_bytes()
                    .to_vec(),
            }
        });
    };
    // SAFETY: nobody uses the stream any more.
    unsafe { libc::closedir(stream) };
    outcome.map(|()| entries)
}
