//! Atomics and futexes of the shared protocol; `loom`'s when it is modelled.

#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

#[cfg(not(loom))]
pub(crate) fn park(word: &AtomicU32, expected: u32, timeout: Option<std::time::Duration>) {
    crate::sys::futex::wait(word, expected, timeout);
}

#[cfg(not(loom))]
pub(crate) fn unpark(word: &AtomicU32) {
    crate::sys::futex::wake(word, i32::MAX);
}
