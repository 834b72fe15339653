//! The means by which threads and processes agree: a lock, and the atomics, futexes and sizes of the shared
//! protocol. The model in `tests/ring_model.rs` replaces this file by one over `loom`.

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Requests that fit the ring.
pub(crate) const SLOTS: usize = 256;

/// Most words of a request: arguments of a call.
pub(crate) const MAX_WORDS: usize = veo_abi::limits::MAX_WORDS;

/// Words in the slot itself; the rest goes to its extension.
pub(crate) const INLINE_WORDS: usize = 12;

/// Sleeps while `word` holds `expected`.
pub(crate) fn park(word: &AtomicU32, expected: u32, timeout: Option<std::time::Duration>) {
    crate::sys::thread::futex_wait(word, expected, timeout);
}

/// Wakes all that sleep on `word`.
pub(crate) fn unpark(word: &AtomicU32) {
    crate::sys::thread::futex_wake(word, i32::MAX);
}

/// Has the processor fetch the cache lines of something that is written soon.
#[inline]
pub(crate) fn expect_write<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..size_of::<T>()).step_by(64) {
        let address = std::ptr::from_ref(place).wrapping_byte_add(line);
        // SAFETY: a hint, which has no effect that a program could see.
        unsafe {
            std::arch::asm!("prefetchw [{}]", in(reg) address, options(nostack, preserves_flags));
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

/// Locks, also after a panic of another thread: every critical section leaves its
/// data consistent at each step that can panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
