//! The short way of calls without stack buffers, which is what most requests are: into
//! the ring, and out of it when they have ended well, without a stop on the way.
//!
//! What is unusual in any way is left to the long way: a refusal here has changed
//! nothing. Nothing here can panic, so that callers need no guard against it.

use std::sync::atomic::Ordering;

use super::{Queue, State};
use crate::host::operation::CallView;
use crate::host::results::State as ResultState;
use crate::mutex::lock;
use crate::shared::ring::{Ended, SLOTS};

impl State {
    /// Whether a call of any thread goes into the ring as it comes.
    #[inline]
    fn is_free(&self) -> bool {
        self.in_ring.len() < SLOTS
            && self.pending.is_empty()
            && self.block.is_none()
            && !(self.busy | self.dead | self.closed)
    }

    /// Whether this is the oldest call in the ring, and all there is to say of it comes
    /// with its response.
    fn awaits(&self, id: u64) -> bool {
        !self.in_ring.is_empty()
            && self.in_ring.first() == id
            && self.results.look(id) == ResultState::Pending
    }
}

impl Queue {
    /// Puts a call into the ring.
    #[inline(always)]
    pub(crate) fn call_quickly(&self, call: CallView<'_>) -> Option<u64> {
        let mut state = lock(&self.state);
        if !state.is_free() || self.child.is_dead() {
            return None;
        }
        let id = state.results.submit();
        self.push_here(&mut state, id, call);
        Some(id)
    }

    /// Waits for the first of these requests and takes its result and those of the ones
    /// behind it, while each is the oldest call in the ring and has ended. Gives how many
    /// it took, and whether there may be more to say of the others.
    #[inline]
    pub(crate) fn collect_quickly(&self, ids: &[u64], mut take: impl FnMut(u64)) -> (usize, bool) {
        let Some(first) = ids.first() else {
            return (0, true);
        };
        if self.child.forwards_output() {
            return (0, true);
        }
        self.await_call(*first);
        let mut state = lock(&self.state);
        if !state.pending.is_empty() {
            return (0, true);
        }
        let (mut count, mut more) = (0, false);
        for id in ids {
            let Some(value) = self.pass(&mut state, *id) else {
                more = count == 0 || !state.awaits(*id);
                break;
            };
            take(value);
            count += 1;
        }
        if count > 0 {
            self.finished
                .store(state.in_ring.first(), Ordering::Release);
        }
        (count, more)
    }

    /// Takes the result of a call straight from the ring, if it is the oldest one there.
    #[inline]
    fn pass(&self, state: &mut State, id: u64) -> Option<u64> {
        if state.in_ring.first() != id || state.in_ring.is_empty() || !state.staged.is_empty() {
            return None;
        }
        let Some((Ended::Done, value)) = self.ring().response(id) else {
            return None;
        };
        if !state.results.pass(id) {
            return None;
        }
        state.in_ring.pop_front();
        Some(value)
    }
}
