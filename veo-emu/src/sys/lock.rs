//! A lock that a process holds while it lives. A forked child does not inherit it, and `exec`
//! gives it up because it closes the descriptor.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use super::check;

fn apply(fd: impl AsFd, command: i32) -> io::Result<()> {
    // SAFETY: an all-zero flock is a valid value of that structure.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_WRLCK as _;
    lock.l_whence = libc::SEEK_SET as _;
    // SAFETY: an open descriptor and a complete structure.
    check(unsafe { libc::fcntl(fd.as_fd().as_raw_fd(), command, &raw const lock) }.into())
        .map(|_| ())
}

/// Takes the lock of a file. It is given up when any descriptor of it is closed.
pub(crate) fn take(fd: impl AsFd) -> io::Result<()> {
    apply(fd, libc::F_SETLK)
}

/// Waits until nobody holds the lock.
pub(crate) fn wait(fd: impl AsFd) -> io::Result<()> {
    loop {
        match apply(&fd, libc::F_SETLKW) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
