//! Opening files by name.
//!
//! Opening a FIFO blocks in the system until another program opens the other end. A thread that blocks there does not see that it is
//! asked to stop. A second thread therefore opens the FIFO. It is woken when the first one is asked to stop.

use std::ffi::{CStr, CString, c_int};
use std::io::{Error, ErrorKind, Result};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::files::is_pipe;

/// How long a thread waits for the other end before it checks whether it is asked to stop.
const LOOK: Duration = Duration::from_millis(10);

/// How often the second thread is woken. The first times, it may not have begun to wait yet.
const TRIES: u32 = 100;

/// Opens a file. The error is that of a call which was interrupted, where the thread is asked to stop before the other end of a FIFO is
/// open.
pub(crate) fn open(
    path: &CStr,
    flags: c_int,
    mode: libc::mode_t,
    is_asked: impl Fn() -> bool,
) -> Result<OwnedFd> {
    open_at(libc::AT_FDCWD, path, flags, mode, is_asked)
}

/// As [`open`], by a path from a directory that is open with this number.
pub(crate) fn open_at(
    directory: c_int,
    path: &CStr,
    flags: c_int,
    mode: libc::mode_t,
    is_asked: impl Fn() -> bool,
) -> Result<OwnedFd> {
    match fifo(directory, path, flags) {
        Some(fifo) => open_fifo(&fifo, flags, is_asked),
        None => open_from(directory, path, flags, mode),
    }
}

fn open_now(path: &CStr, flags: c_int, mode: libc::mode_t) -> Result<OwnedFd> {
    open_from(libc::AT_FDCWD, path, flags, mode)
}

fn open_from(directory: c_int, path: &CStr, flags: c_int, mode: libc::mode_t) -> Result<OwnedFd> {
    // SAFETY: the path is a string; the system checks the numbers.
    let file = unsafe { libc::openat(directory, path.as_ptr(), flags, libc::c_uint::from(mode)) };
    if file < 0 {
        return Err(Error::last_os_error());
    }
    // SAFETY: the call has just opened it, so nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(file) })
}

/// The FIFO at a path, if opening it waits for its other end. The value refers to that FIFO, even if the path later names another file.
fn fifo(directory: c_int, path: &CStr, flags: c_int) -> Option<OwnedFd> {
    let waits = flags & libc::O_ACCMODE != libc::O_RDWR
        && flags & (libc::O_NONBLOCK | libc::O_PATH | libc::O_EXCL | libc::O_DIRECTORY) == 0;
    if !waits {
        return None;
    }
    let place = libc::O_PATH | libc::O_CLOEXEC | flags & libc::O_NOFOLLOW;
    let place = open_from(directory, path, place, 0).ok()?;
    is_pipe(place.as_raw_fd()).then_some(place)
}

/// Opens an end of a FIFO, once the other end is open.
fn open_fifo(fifo: &OwnedFd, flags: c_int, is_asked: impl Fn() -> bool) -> Result<OwnedFd> {
    let name = format!("/proc/self/fd/{}", fifo.as_raw_fd());
    let path = CString::new(name).map_err(|_| ErrorKind::InvalidInput)?;
    let flags = flags & !libc::O_NOFOLLOW;
    let (opened, end) = channel();
    let way = path.clone();
    thread::Builder::new()
        .name("ve-fifo".into())
        .spawn(move || drop(opened.send(open_now(&way, flags, 0))))?;
    loop {
        match end.recv_timeout(LOOK) {
            Ok(opened) => return opened,
            Err(RecvTimeoutError::Disconnected) => return Err(ErrorKind::Other.into()),
            Err(RecvTimeoutError::Timeout) if is_asked() => {
                let_go_on(&path, flags, &end);
                return Err(Error::from_raw_os_error(libc::EINTR));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Opens the other end for a moment, until the thread that waits for it has its own.
fn let_go_on(path: &CStr, flags: c_int, end: &Receiver<Result<OwnedFd>>) {
    let other = match flags & libc::O_ACCMODE {
        libc::O_RDONLY => libc::O_WRONLY,
        _ => libc::O_RDONLY,
    };
    for _ in 0..TRIES {
        let other = open_now(path, other | libc::O_NONBLOCK | libc::O_CLOEXEC, 0);
        let is_over = !matches!(end.recv_timeout(LOOK), Err(RecvTimeoutError::Timeout));
        drop(other);
        if is_over {
            return;
        }
    }
}
