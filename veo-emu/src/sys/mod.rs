//! The emulator's requests to the system: safe functions around the system calls.
//!
//! Nothing here knows what a Vector Engine is.

pub(crate) mod descriptor;
pub(crate) mod memfd;
pub(crate) mod process;
pub(crate) mod socket;
pub(crate) mod thread;
pub(crate) mod usage;

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Turns the result of a system call into a `Result`.
pub(crate) fn check(result: i64) -> io::Result<i64> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// Moves a descriptor of ours out of 0 to 2. A program that has closed its standard streams
/// would otherwise print into it.
pub(crate) fn above_standard(fd: OwnedFd) -> io::Result<OwnedFd> {
    if fd.as_raw_fd() > 2 {
        return Ok(fd);
    }
    // SAFETY: an open descriptor and a plain number.
    let moved = check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 3) }.into())?;
    // SAFETY: fcntl has just returned this descriptor to us.
    Ok(unsafe { OwnedFd::from_raw_fd(moved as i32) })
}
