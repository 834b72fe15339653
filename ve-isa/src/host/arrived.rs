//! Which signals a thread blocks, and whether one has come that it does not block. `signals` has all else.

use super::call::load;
use crate::thread::{Failure, Thread};

/// Where the thread's own memory has the signals that it blocks: a bit for each.
pub(super) const BLOCKED: u64 = 544;

/// An address in the thread's own memory.
pub(super) fn own(thread: &Thread, place: u64) -> u64 {
    thread.private().start + place
}

/// The signals that the thread blocks: a bit for each.
pub(super) fn blocked(thread: &Thread) -> Result<u64, Failure> {
    load::<8>(thread.window(), own(thread, BLOCKED))
}

/// Whether another thread has sent a signal that this one does not block: then it does not wait for anything else.
pub(super) fn has_come(thread: &Thread) -> Result<bool, Failure> {
    let sent = thread.process().sent_signals.peek(thread.number());
    Ok(sent != 0 && sent & !blocked(thread)? != 0)
}
