//! When was a piece of VE memory last used? Asked before it is freed.
//!
//! A [`Usage`] belongs to one allocation and notes, per context, the last request
//! that was given its address. Usages are never deallocated, only recycled: a
//! reference to one may be copied into pointers and calls freely. A stale pointer
//! notes its use on whatever allocation has the usage now, which can delay that
//! one's release and nothing else.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The last uses of one allocation.
#[derive(Debug)]
pub(crate) struct Usage {
    /// The first context that used it, 0: none. Its uses are noted without a lock.
    context: AtomicU64,
    /// One more than the number of the last request of that context.
    request: AtomicU64,
    /// Uses by further contexts, at most one entry for each.
    others: Mutex<Vec<(u64, u64)>>,
    /// How often the allocation is pinned: it is not freed meanwhile.
    pins: AtomicU64,
}

static POOL: Mutex<Vec<&'static Usage>> = Mutex::new(Vec::new());

impl Usage {
    /// A usage without uses.
    pub(crate) fn take() -> &'static Usage {
        let pooled = POOL.lock().unwrap_or_else(PoisonError::into_inner).pop();
        pooled.unwrap_or_else(|| {
            Box::leak(Box::new(Usage {
                context: AtomicU64::new(0),
                request: AtomicU64::new(0),
                others: Mutex::new(Vec::new()),
                pins: AtomicU64::new(0),
            }))
        })
    }

    /// Gives the usage back to be recycled. One that is still pinned, when its process has ended, is not: the pin would be that of
    /// another allocation then.
    pub(crate) fn give_back(&'static self) {
        if self.is_pinned() {
            return;
        }
        self.others().clear();
        self.request.store(0, Ordering::Relaxed);
        self.context.store(0, Ordering::Release);
        POOL.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(self);
    }

    /// Notes that request number `request` of `context` (never 0) uses the
    /// allocation. Called with that context locked, so numbers only grow.
    pub(crate) fn note(&self, context: u64, request: u64) {
        let first = match self.context.load(Ordering::Acquire) {
            0 => self
                .context
                .compare_exchange(0, context, Ordering::AcqRel, Ordering::Acquire)
                .map_or_else(|winner| winner == context, |_| true),
            owner => owner == context,
        };
        if first {
            self.request.store(request + 1, Ordering::Release);
            return;
        }
        let mut others = self.others();
        match others.iter_mut().find(|(id, _)| *id == context) {
            Some((_, last)) => *last = request,
            None => others.push((context, request)),
        }
    }

    /// Keeps the allocation from being freed until [`unpin`](Self::unpin).
    pub(crate) fn pin(&self) {
        self.pins.fetch_add(1, Ordering::AcqRel);
    }

    /// Ends one [`pin`](Self::pin).
    pub(crate) fn unpin(&self) {
        self.pins.fetch_sub(1, Ordering::AcqRel);
    }

    /// Whether the allocation is pinned.
    pub(crate) fn is_pinned(&self) -> bool {
        self.pins.load(Ordering::Acquire) > 0
    }

    /// Whether `finished` holds for the last request of each context that used the
    /// allocation.
    pub(crate) fn all(&self, mut finished: impl FnMut(u64, u64) -> bool) -> bool {
        let context = self.context.load(Ordering::Acquire);
        let request = self.request.load(Ordering::Acquire);
        if context != 0 && request != 0 && !finished(context, request - 1) {
            return false;
        }
        self.others()
            .iter()
            .all(|(context, request)| finished(*context, *request))
    }

    fn others(&self) -> std::sync::MutexGuard<'_, Vec<(u64, u64)>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_context_counts_with_its_last_request() {
        let usage = Usage::take();
        assert!(usage.all(|_, _| false), "unused memory can be freed");
        usage.note(7, 0);
        usage.note(8, 3);
        usage.note(7, 5);
        usage.note(8, 4);
        let mut seen = Vec::new();
        assert!(usage.all(|context, request| {
            seen.push((context, request));
            true
        }));
        assert_eq!(seen, [(7, 5), (8, 4)]);
        assert!(!usage.all(|context, _| context == 7));
        assert!(!usage.all(|context, _| context == 8));
        usage.give_back();
    }
}
