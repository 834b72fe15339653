//! What is left to do after a request was collected or given up, without any lock:
//! code of the user, which may panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

use super::payload::Payload;

/// What is left to do when the lock is released, because it may run code of the user.
#[derive(Default)]
#[must_use = "wakes a task and drops what the user gave"]
pub(crate) struct Aftermath {
    pub(super) waker: Option<Waker>,
    pub(super) unused: Option<Waker>,
    pub(super) dropped: Option<Payload>,
}

impl Aftermath {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.waker.is_none() && self.unused.is_none() && self.dropped.is_none()
    }

    /// Wakes the task and drops the rest. Panics of either end here: whoever collects
    /// has nothing to do with them, and a scope must not be left early.
    pub(crate) fn run(self) {
        if self.is_empty() {
            return;
        }
        // Named one by one: a closure would take only the fields that it uses along.
        let Aftermath {
            waker,
            unused,
            dropped,
        } = self;
        if let Some(waker) = waker {
            contain(|| waker.wake());
        }
        contain(|| drop(unused));
        contain(|| drop(dropped));
    }
}

/// Runs code of the user whose panic concerns nobody here.
pub(crate) fn contain(code: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(code)) {
        // Dropping what was thrown could panic again.
        std::mem::forget(panic);
    }
}
