//! Which signals a thread blocks, and which have come that it does not block. `signals` has all else.

use super::call::load;
use crate::thread::{Failure, Thread};

/// Where the thread's own memory has the signals that it blocks: a bit for each.
pub(super) const BLOCKED: u64 = 544;

/// Values for a handler that name no function.
pub(super) const DEFAULT: u64 = 0;
pub(super) const IGNORE: u64 = 1;

/// The signals that are ignored without a handler.
pub(super) const HARMLESS: [i32; 4] = [libc::SIGCHLD, libc::SIGCONT, libc::SIGURG, libc::SIGWINCH];

/// An address in the thread's own memory.
pub(super) fn own(thread: &Thread, place: u64) -> u64 {
    thread.private().start + place
}

/// The signals that the thread blocks: a bit for each.
pub(super) fn blocked(thread: &Thread) -> Result<u64, Failure> {
    load::<8>(thread.window(), own(thread, BLOCKED))
}

/// The signals that other threads have sent and this one neither blocks nor ignores: a bit for each.
pub(super) fn come(thread: &Thread) -> Result<u64, Failure> {
    let sent = thread.process().sent_signals.peek(thread.number());
    if sent == 0 {
        return Ok(0);
    }
    let come = sent & !blocked(thread)?;
    let actions = thread.process().signal_actions();
    let is_ignored = |number: &usize| {
        let handler = actions.get(*number).map_or(DEFAULT, |it| it.handler);
        handler == IGNORE || handler == DEFAULT && HARMLESS.contains(&(*number as i32))
    };
    let numbers = (1..=64).filter(|number| come >> (number - 1) & 1 != 0);
    let left = numbers.filter(|number| !is_ignored(number));
    Ok(left.fold(0, |set, number| set | 1 << (number - 1)))
}

/// Whether another thread has sent a signal that ends what this one waits for.
pub(super) fn has_come(thread: &Thread) -> Result<bool, Failure> {
    Ok(come(thread)? != 0)
}

/// Whether all that has come has handlers after which an interrupted call goes on, where the system lets it.
pub(super) fn lets_restart(thread: &Thread) -> Result<bool, Failure> {
    let come = come(thread)?;
    let actions = thread.process().signal_actions();
    let restarts = |number: usize| {
        let action = actions.get(number).copied().unwrap_or_default();
        ![DEFAULT, IGNORE].contains(&action.handler) && action.flags & libc::SA_RESTART as u32 != 0
    };
    let mut numbers = (1..=64).filter(|number| come >> (number - 1) & 1 != 0);
    Ok(come != 0 && numbers.all(restarts))
}
