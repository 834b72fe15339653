//! `signal.h`: handlers, and signals that the program sends to itself.
//!
//! A fault is a trap and no signal: no handler sees it.

use super::call::{Outcome, Table, int, load, result, result_int, set_errno, store, word};
use super::memory::fill;
use crate::thread::{Failure, Thread};
use crate::trap::TrapKind;

pub(super) const TABLE: Table = &[
    ("signal", |thread| {
        let (number, handler) = (int(thread, 0), word(thread, 1));
        match set(thread, number, Some(handler)) {
            Some(before) => result(thread, before),
            None => {
                set_errno(thread, libc::EINVAL);
                result(thread, u64::MAX)
            }
        }
    }),
    ("raise", |thread| {
        let number = int(thread, 0);
        raise(thread, number)
    }),
    ("kill", |thread| {
        let (process, number) = (int(thread, 0), int(thread, 1));
        if process != std::process::id() as i32 {
            set_errno(thread, libc::EPERM);
            return result_int(thread, -1);
        }
        raise(thread, number)
    }),
    ("sigaction", |thread| {
        let (number, new, old) = (int(thread, 0), word(thread, 1), word(thread, 2));
        let handler = match new {
            0 => None,
            new => Some(load::<8>(thread.window(), new)?),
        };
        let Some(before) = set(thread, number, handler) else {
            set_errno(thread, libc::EINVAL);
            return result_int(thread, -1);
        };
        if old != 0 {
            fill(thread.window(), old, 0, ACTION)?;
            store::<8>(thread.window(), old, before)?;
        }
        result_int(thread, 0)
    }),
    ("sigemptyset", |thread| {
        fill(thread.window(), word(thread, 0), 0, SET)?;
        result_int(thread, 0)
    }),
    ("sigfillset", |thread| {
        fill(thread.window(), word(thread, 0), 0xff, SET)?;
        result_int(thread, 0)
    }),
    ("sigaddset", |thread| change(thread, |word, bit| word | bit)),
    ("sigdelset", |thread| {
        change(thread, |word, bit| word & !bit)
    }),
    ("sigismember", |thread| {
        let Some((place, bit)) = member(thread) else {
            set_errno(thread, libc::EINVAL);
            return result_int(thread, -1);
        };
        let inside = load::<8>(thread.window(), place)? & bit != 0;
        result_int(thread, inside.into())
    }),
    ("sigprocmask", |thread| match change_blocked(thread)? {
        0 => result_int(thread, 0),
        error => {
            set_errno(thread, error);
            result_int(thread, -1)
        }
    }),
    ("pthread_sigmask", |thread| {
        let error = change_blocked(thread)?;
        result_int(thread, error)
    }),
    ("sigpending", |thread| {
        let place = word(thread, 0);
        fill(thread.window(), place, 0, SET)?;
        let waiting = load::<8>(thread.window(), own(thread, WAITING))?;
        store::<8>(thread.window(), place, waiting)?;
        result_int(thread, 0)
    }),
];

/// Bytes of a `struct sigaction`, and of a set of signals.
const ACTION: u64 = 152;
const SET: u64 = 128;

/// Handlers that are none.
const DEFAULT: u64 = 0;
const IGNORE: u64 = 1;

/// Sets the handler of a signal, or only looks; the result is the one before, or nothing if there is no such signal.
fn set(thread: &Thread, number: i32, handler: Option<u64>) -> Option<u64> {
    let caught = ![libc::SIGKILL, libc::SIGSTOP].contains(&number);
    let mut handlers = thread.process().handlers();
    let place = handlers.get_mut(usize::try_from(number).ok().filter(|n| *n > 0)?)?;
    let before = *place;
    if let Some(handler) = handler {
        if !caught {
            return None;
        }
        *place = handler;
    }
    Some(before)
}

/// Sends a signal to the program.
pub(super) fn raise(thread: &mut Thread, number: i32) -> Outcome {
    if number == 0 {
        return result_int(thread, 0);
    }
    let Some(handler) = set(thread, number, None) else {
        set_errno(thread, libc::EINVAL);
        return result_int(thread, -1);
    };
    if is_put_off(thread, number)? {
        return result_int(thread, 0);
    }
    let stops = [libc::SIGSTOP, libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];
    let harmless = [libc::SIGCHLD, libc::SIGCONT, libc::SIGURG, libc::SIGWINCH];
    match handler {
        IGNORE => {}
        DEFAULT if harmless.contains(&number) => {}
        DEFAULT if number == libc::SIGABRT => return Err(TrapKind::Abort.into()),
        DEFAULT if stops.contains(&number) => {
            return Err(Failure::Why("nobody could continue the program".into()));
        }
        DEFAULT => return Err(TrapKind::Raised { signal: number }.into()),
        handler => {
            let called: Result<u64, Failure> = thread.call_back(handler, &[number as u64]);
            called?;
        }
    }
    result_int(thread, 0)
}

/// The word of a set that has a signal, and its bit there.
fn member(thread: &Thread) -> Option<(u64, u64)> {
    let index = u64::try_from(int(thread, 1)).ok()?.checked_sub(1)?;
    let place = word(thread, 0).wrapping_add(index / 64 * 8);
    (index < 64).then(|| (place, 1 << index))
}

fn change(thread: &mut Thread, how: fn(u64, u64) -> u64) -> Outcome {
    let Some((place, bit)) = member(thread) else {
        set_errno(thread, libc::EINVAL);
        return result_int(thread, -1);
    };
    let word = load::<8>(thread.window(), place)?;
    store::<8>(thread.window(), place, how(word, bit))?;
    result_int(thread, 0)
}

/// Where the thread's own memory has the signals that it blocks, and those that have come meanwhile: a bit for each.
const BLOCKED: u64 = 544;
const WAITING: u64 = 552;

/// What nobody can block.
const NEVER_BLOCKED: u64 = 1 << (libc::SIGKILL - 1) | 1 << (libc::SIGSTOP - 1);

fn own(thread: &Thread, place: u64) -> u64 {
    thread.private().start + place
}

/// Lets a thread that begins block what its creator blocks. Nothing waits there.
pub(super) fn inherit(creator: &Thread, new: &Thread) -> Outcome {
    let blocked = load::<8>(creator.window(), own(creator, BLOCKED))?;
    store::<8>(new.window(), own(new, BLOCKED), blocked)
}

/// The bit of a signal in a set, if it can be blocked.
fn bit(number: i32) -> u64 {
    let index = u32::try_from(number).ok().and_then(|it| it.checked_sub(1));
    let bit = index
        .and_then(|index| 1_u64.checked_shl(index))
        .unwrap_or(0);
    bit & !NEVER_BLOCKED
}

/// Notes a signal that the thread blocks. The result is `false` if it does not.
fn is_put_off(thread: &mut Thread, number: i32) -> Result<bool, Failure> {
    let blocked = load::<8>(thread.window(), own(thread, BLOCKED))? & bit(number);
    if blocked == 0 {
        return Ok(false);
    }
    let waiting = load::<8>(thread.window(), own(thread, WAITING))?;
    store::<8>(thread.window(), own(thread, WAITING), waiting | blocked)?;
    Ok(true)
}

/// Lets a signal come through, be it blocked or not.
pub(super) fn unblock(thread: &mut Thread, number: i32) -> Outcome {
    let blocked = load::<8>(thread.window(), own(thread, BLOCKED))?;
    store::<8>(
        thread.window(),
        own(thread, BLOCKED),
        blocked & !bit(number),
    )
}

/// Changes what the thread blocks. What has come and is no longer blocked arrives now. The result is an error's number or 0.
fn change_blocked(thread: &mut Thread) -> Result<i32, Failure> {
    let (how, new, old) = (int(thread, 0), word(thread, 1), word(thread, 2));
    let before = load::<8>(thread.window(), own(thread, BLOCKED))?;
    if new != 0 {
        let set = load::<8>(thread.window(), new)? & !NEVER_BLOCKED;
        let after = match how {
            libc::SIG_BLOCK => before | set,
            libc::SIG_UNBLOCK => before & !set,
            libc::SIG_SETMASK => set,
            _ => return Ok(libc::EINVAL),
        };
        store::<8>(thread.window(), own(thread, BLOCKED), after)?;
    }
    if old != 0 {
        fill(thread.window(), old, 0, SET)?;
        store::<8>(thread.window(), old, before)?;
    }
    loop {
        let place = own(thread, WAITING);
        let waiting = load::<8>(thread.window(), place)?;
        let come = waiting & !load::<8>(thread.window(), own(thread, BLOCKED))?;
        if come == 0 {
            return Ok(0);
        }
        let first = come.trailing_zeros();
        store::<8>(thread.window(), place, waiting & !(1 << first))?;
        raise(thread, first as i32 + 1)?;
    }
}
