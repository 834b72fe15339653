//! A queue under a schedule: each request starts when the schedule says so.

use std::time::Duration;

use super::{Queue, QueueState};
use crate::host::operation::QueuedRequest;
use crate::host::schedule::{Ordered, Started};
use crate::sync::lock;

/// The request that runs now, or else comes first.
fn first(queue: &Queue, state: &QueueState) -> Option<Started> {
    let of_host = |is_function| {
        if is_function {
            Started::Function(queue.progress.number())
        } else {
            Started::Transfer
        }
    };
    if !state.in_ring.is_empty() {
        return Some(Started::Kernel(queue.thread));
    }
    if state.busy {
        return Some(match state.host {
            Some(_) => of_host(state.in_function),
            None => Started::Exclusive,
        });
    }
    Some(match state.pending.front()? {
        QueuedRequest::Call(..) => Started::Kernel(queue.thread),
        QueuedRequest::Host(_, op) => of_host(op.is_function()),
        QueuedRequest::ExclusiveUse(_) => Started::Exclusive,
    })
}

impl Ordered for Queue {
    fn start_next(&self, count: u64) -> Option<Started> {
        let mut state = lock(&self.state);
        let what = first(self, &state)?;
        state.permits = count;
        self.pump(&mut state);
        let waits = state.permits > 0;
        drop(state);
        // Threads that wait for it look at the ring from now on, or do the request.
        self.wake();
        if waits {
            self.progress.nudge();
        }
        Some(what)
    }

    fn runs(&self) -> Option<Started> {
        let mut state = lock(&self.state);
        self.harvest(&mut state);
        first(self, &state)
    }

    fn is_at_rest(&self) -> bool {
        let mut state = lock(&self.state);
        self.harvest(&mut state);
        if state.pending.is_empty() {
            // Some requests of a batch may have been given up.
            state.permits = 0;
        }
        let rests = state.permits == 0 && state.in_ring.is_empty() && !state.busy;
        rests || state.dead
    }

    fn finished(&self) -> u64 {
        self.finished.load(std::sync::atomic::Ordering::Acquire)
    }

    fn doze(&self, limit: Duration) {
        let ring = self.ring();
        let seen = ring.generation();
        let target = {
            let mut state = lock(&self.state);
            self.harvest(&mut state);
            if state.permits == 0 && state.in_ring.is_empty() && !state.busy {
                return;
            }
            (!state.in_ring.is_empty()).then(|| state.in_ring.end - 1)
        };
        self.sleep(seen, target, Some(limit), || {
            target.is_some_and(|id| ring.response(id).is_some()) || self.child.is_dead()
        });
    }
}
