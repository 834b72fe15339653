//! Atomics, futexes and sizes of the shared protocol. The model in `tests/ring_model.rs`
//! replaces this file by one over `loom`.

pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Requests that fit the ring.
pub(crate) const SLOTS: usize = 256;

/// Most words of a request: arguments of a call.
pub(crate) const MAX_WORDS: usize = 256;

/// Words in the slot itself; the rest goes to its extension.
pub(crate) const INLINE_WORDS: usize = 12;

/// Sleeps while `word` holds `expected`.
pub(crate) fn park(word: &AtomicU32, expected: u32, timeout: Option<std::time::Duration>) {
    crate::sys::futex::wait(word, expected, timeout);
}

/// Wakes all that sleep on `word`.
pub(crate) fn unpark(word: &AtomicU32) {
    crate::sys::futex::wake(word, i32::MAX);
}
