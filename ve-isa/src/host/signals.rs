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
    ("sigprocmask", block),
    ("pthread_sigmask", block),
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

/// Nobody else sends signals, so none has to be blocked.
fn block(thread: &mut Thread) -> Outcome {
    let old = word(thread, 2);
    if old != 0 {
        fill(thread.window(), old, 0, SET)?;
    }
    result_int(thread, 0)
}
