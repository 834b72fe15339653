//! Signals that a thread sends to another one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Signals on their way, a bit for each, by the number of the thread that is to have them.
#[derive(Debug, Default)]
pub(crate) struct SentSignals {
    /// Whether there are any. Looked at first, since this comes after each call of a function of the host.
    any: AtomicBool,
    by_thread: Mutex<HashMap<u64, u64>>,
}

impl SentSignals {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, u64>> {
        self.by_thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn send(&self, thread: u64, signals: u64) {
        *self.lock().entry(thread).or_default() |= signals;
        self.any.store(true, Ordering::Release);
    }

    /// Whether any thread is to have some.
    #[inline]
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Those for this thread; they stay.
    pub(crate) fn peek(&self, thread: u64) -> u64 {
        if !self.any() {
            return 0;
        }
        self.lock().get(&thread).copied().unwrap_or(0)
    }

    /// Takes away those of this set for this thread; the result has the ones that were there.
    pub(crate) fn take(&self, thread: u64, set: u64) -> u64 {
        if !self.any() {
            return 0;
        }
        let mut all = self.lock();
        let Some(signals) = all.get_mut(&thread) else {
            return 0;
        };
        let taken = *signals & set;
        *signals &= !set;
        if *signals == 0 {
            all.remove(&thread);
        }
        self.any.store(!all.is_empty(), Ordering::Release);
        taken
    }
}
