//! Descriptors of processes: watching for an end, and signalling without races.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use super::check;

/// A descriptor that becomes readable when the process ends.
pub(crate) fn open(pid: libc::pid_t) -> io::Result<OwnedFd> {
    // SAFETY: plain numbers.
    let fd = check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    // SAFETY: the system call has just returned this descriptor to us.
    super::above_standard(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Sends a signal to the process behind the descriptor.
pub(crate) fn signal(fd: impl AsFd, signal: i32) -> io::Result<()> {
    // SAFETY: an open descriptor, plain numbers, and no siginfo.
    check(unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            fd.as_fd().as_raw_fd(),
            signal,
            std::ptr::null::<libc::siginfo_t>(),
            0,
        )
    })
    .map(|_| ())
}
