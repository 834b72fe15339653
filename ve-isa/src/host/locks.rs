//! Locks of files: those of `fcntl`, `lockf`, and `flock`.
//!
//! They belong to the process or to the open file, as the system has them: code of the host in the same process has the same ones.

use std::time::Duration;

use super::arrived;
use super::call::{Outcome, Table, copy_errno, fail, int, load, result_int, store, word};
use super::signals;
use crate::process::OpenFile;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("flock", |thread| {
        let how = int(thread, 1);
        let waits = how & libc::LOCK_NB == 0;
        let Some(file) = thread.process().files.get(int(thread, 0)) else {
            return fail(thread, libc::EBADF);
        };
        // SAFETY: the file stays open during the call, which checks the number.
        let done = retry(thread, waits, || unsafe {
            libc::flock(file.number(), how | libc::LOCK_NB)
        })?;
        give(thread, done)
    }),
    ("lockf", lock_from_here),
    ("lockf64", lock_from_here),
];

/// How long a thread waits before it tries again.
const PAUSE: Duration = Duration::from_millis(10);

/// Does something without waiting in the system, again and again where others have the lock and the caller wants to wait. A signal can end
/// that.
fn retry(thread: &mut Thread, waits: bool, act: impl Fn() -> i32) -> Result<i32, Failure> {
    loop {
        let done = act();
        let error = std::io::Error::last_os_error().raw_os_error();
        let is_taken = matches!(error, Some(libc::EAGAIN | libc::EACCES));
        if done >= 0 || !waits || !is_taken {
            return Ok(done);
        }
        thread.poll()?;
        if arrived::has_come(thread)? && !signals::restart(thread)? {
            // SAFETY: the variable of this thread.
            unsafe { *libc::__errno_location() = libc::EINTR };
            return Ok(-1);
        }
        std::thread::sleep(PAUSE);
    }
}

/// Leaves what a call gave, and `errno` where that was an error.
fn give(thread: &mut Thread, done: i32) -> Outcome {
    if done < 0 {
        copy_errno(thread);
    }
    result_int(thread, done)
}

fn try_lock(
    thread: &mut Thread,
    file: &OpenFile,
    what: i32,
    lock: &mut libc::flock,
) -> Result<i32, Failure> {
    let (what, waits) = match what {
        libc::F_SETLKW => (libc::F_SETLK, true),
        libc::F_OFD_SETLKW => (libc::F_OFD_SETLK, true),
        _ => (what, false),
    };
    let place = &raw mut *lock;
    // SAFETY: the file stays open during the call, which reads and writes this lock only.
    retry(thread, waits, || unsafe {
        libc::fcntl(file.number(), what, place)
    })
}

/// Looks for a lock of a part of a file, takes it or gives it back. A `struct flock` is as on x86-64.
pub(super) fn lock(thread: &mut Thread, what: i32) -> Outcome {
    let Some(file) = thread.process().files.get(int(thread, 0)) else {
        return fail(thread, libc::EBADF);
    };
    let (place, window) = (word(thread, 2), thread.window());
    let at = |offset| place.wrapping_add(offset);
    let mut lock = libc::flock {
        l_type: load::<2>(window, place)? as i16,
        l_whence: load::<2>(window, at(2))? as i16,
        l_start: load::<8>(window, at(8))? as i64,
        l_len: load::<8>(window, at(16))? as i64,
        // Locks of the open file must have 0 here; other requests ignore it.
        l_pid: 0,
    };
    let done = try_lock(thread, &file, what, &mut lock)?;
    if done >= 0 && [libc::F_GETLK, libc::F_OFD_GETLK].contains(&what) {
        let window = thread.window();
        store::<2>(window, place, lock.l_type as u64)?;
        if lock.l_type != libc::F_UNLCK as i16 {
            store::<2>(window, at(2), lock.l_whence as u64)?;
            store::<8>(window, at(8), lock.l_start as u64)?;
            store::<8>(window, at(16), lock.l_len as u64)?;
            store::<4>(window, at(24), lock.l_pid as u64)?;
        }
    }
    give(thread, done)
}

/// `lockf`: a lock for writing, from where the file is read next.
fn lock_from_here(thread: &mut Thread) -> Outcome {
    let Some(file) = thread.process().files.get(int(thread, 0)) else {
        return fail(thread, libc::EBADF);
    };
    let kind = |kind: i32| kind as i16;
    let (what, wanted) = match int(thread, 1) {
        libc::F_ULOCK => (libc::F_SETLK, kind(libc::F_UNLCK)),
        libc::F_LOCK => (libc::F_SETLKW, kind(libc::F_WRLCK)),
        libc::F_TLOCK => (libc::F_SETLK, kind(libc::F_WRLCK)),
        libc::F_TEST => (libc::F_GETLK, kind(libc::F_WRLCK)),
        _ => return fail(thread, libc::EINVAL),
    };
    let mut lock = libc::flock {
        l_type: wanted,
        l_whence: libc::SEEK_CUR as i16,
        l_start: 0,
        l_len: word(thread, 2) as i64,
        l_pid: 0,
    };
    let done = try_lock(thread, &file, what, &mut lock)?;
    if done >= 0 && what == libc::F_GETLK && lock.l_type != kind(libc::F_UNLCK) {
        return fail(thread, libc::EACCES);
    }
    give(thread, done)
}
