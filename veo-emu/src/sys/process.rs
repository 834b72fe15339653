//! Processes: which one this is, and descriptors of others (`pidfd`), with which one watches for
//! an end and signals without races.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{above_standard, check};

/// The number of this process, in a page that the kernel wipes in a forked child. It tells a
/// handle of the parent from a handle of this process.
struct ForkPage(&'static AtomicU32);

static PAGE: OnceLock<Option<ForkPage>> = OnceLock::new();

/// The number of the calling process, without a system call, also right after `fork`.
#[inline]
pub(crate) fn own_id() -> u32 {
    let Some(page) = PAGE.get_or_init(map) else {
        return std::process::id();
    };
    match page.0.load(Ordering::Relaxed) {
        0 => {
            let id = std::process::id();
            page.0.store(id, Ordering::Relaxed);
            id
        }
        id => id,
    }
}

fn map() -> Option<ForkPage> {
    // SAFETY: a fresh private anonymous mapping of one page, at a place the kernel chooses.
    let base = unsafe {
        libc::mmap(
            ptr::null_mut(),
            4096,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if base == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: the range is the mapping made above.
    if unsafe { libc::madvise(base, 4096, libc::MADV_WIPEONFORK) } != 0 {
        // SAFETY: the range is the mapping made above, and nothing points into it yet.
        unsafe { libc::munmap(base, 4096) };
        return None;
    }
    // SAFETY: the page is zeroed, aligned and never unmapped, so it holds an
    // AtomicU32 for the rest of the process's life.
    Some(ForkPage(unsafe { &*base.cast::<AtomicU32>() }))
}

/// A descriptor that becomes readable when the process ends.
pub(crate) fn open_pidfd(pid: libc::pid_t) -> io::Result<OwnedFd> {
    // SAFETY: plain numbers.
    let fd = check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    // SAFETY: the system call has just returned this descriptor to us.
    above_standard(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Sends a signal to the process behind the descriptor.
pub(crate) fn signal(fd: impl AsFd, signal: i32) -> io::Result<()> {
    // SAFETY: an open descriptor, plain numbers, and no siginfo.
    check(unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            fd.as_fd().as_raw_fd(),
            signal,
            ptr::null::<libc::siginfo_t>(),
            0,
        )
    })
    .map(|_| ())
}
