//! Progress: this takes responses out of the ring, puts waiting calls in, and runs waiting requests
//! of the host.

use std::ops::Range;
use std::sync::MutexGuard;
use std::sync::atomic::Ordering;

use super::{Queue, QueueState};
use crate::host::memory::NoRoom;
use crate::host::operation::{HostOp, QueuedRequest};
use crate::host::results::{RequestOutcome, ResultState};
use crate::shared::ring::{Completion, SLOTS};
use crate::sync::lock;

impl Queue {
    /// Whether nothing runs and nothing waits, so that a request begins as it comes.
    pub(super) fn is_idle(&self, state: &mut QueueState) -> bool {
        if self.child.schedule.is_some() {
            return false;
        }
        if !state.in_ring.is_empty() {
            self.harvest(state);
        }
        state.in_ring.is_empty() && state.pending.is_empty() && !state.busy
    }

    /// Ends a request of the host and lets the next one begin.
    pub(crate) fn end_host(&self, id: u64, outcome: RequestOutcome) {
        let mut state = lock(&self.state);
        let value = match outcome {
            RequestOutcome::Ok(value) => Some(value),
            RequestOutcome::Exception(_) | RequestOutcome::Error => None,
        };
        self.note_end(&state, state.results.first_of(id)..id + 1, value);
        state.results.end(id, outcome);
        state.host = None;
        self.end_exclusive_use(state);
    }

    /// Notes that the host's work with these ids has ended. Kernels behind it may ask for its
    /// result.
    pub(super) fn note_end(&self, state: &QueueState, ids: Range<u64>, value: Option<u64>) {
        if ids.is_empty() {
            return;
        }
        if let Some(value) = value {
            for id in ids.start.max(ids.end.saturating_sub(SLOTS as u64))..ids.end {
                self.ring().answer(id, value);
            }
        }
        // After a death all later requests have ended as well.
        let finished = if state.dead {
            state.results.next()
        } else {
            ids.end
        };
        self.finished.store(finished, Ordering::Release);
    }

    /// Takes every response that is there, in order.
    pub(crate) fn harvest(&self, state: &mut QueueState) {
        let before = state.in_ring.start;
        while !state.in_ring.is_empty() {
            let Some((ended, value)) = self.ring().response(state.in_ring.start) else {
                break;
            };
            let outcome = match ended {
                Completion::Done => RequestOutcome::Ok(value),
                Completion::Refused => RequestOutcome::Error,
            };
            self.retire_first(state, outcome);
        }
        if state.in_ring.start != before {
            self.finished.store(state.in_ring.start, Ordering::Release);
        }
    }

    pub(super) fn retire_first(&self, state: &mut QueueState, outcome: RequestOutcome) {
        let id = state.in_ring.start;
        state.in_ring.start += 1;
        if state.staged.front().is_some_and(|(of, _)| *of == id)
            && let Some((_, staged)) = state.staged.pop_front()
        {
            let wanted = state.results.look(id) == ResultState::Pending;
            let back = wanted && matches!(outcome, RequestOutcome::Ok(_));
            staged.finish(&self.child.memory, back);
        }
        state.results.end(id, outcome);
    }

    /// Starts the waiting requests that can start now.
    pub(crate) fn pump(&self, state: &mut QueueState) {
        if state.pending.is_empty() || state.busy || !self.may_start(state) {
            return;
        }
        self.harvest(state);
        state.starved = false;
        loop {
            match state.pending.front() {
                Some(QueuedRequest::Call(..)) if state.ring_len() < SLOTS => {
                    if !self.push_front(state) || !self.has_started(state) {
                        break;
                    }
                }
                Some(QueuedRequest::ExclusiveUse(ticket)) if state.in_ring.is_empty() => {
                    state.serving = *ticket;
                    state.busy = true;
                    state.pending.pop_front();
                    self.has_started(state);
                    self.wake();
                    break;
                }
                _ => break,
            }
        }
        if state.pending.is_empty() && state.pending.capacity() > 4096 {
            state.pending.shrink_to(256);
        }
    }

    /// Moves the first waiting call into the ring, which has room. `false`: the call still waits.
    fn push_front(&self, state: &mut QueueState) -> bool {
        let Some(QueuedRequest::Call(id, call)) = state.pending.front() else {
            return false;
        };
        let id = *id;
        let staged = match &call.stack {
            None => Ok(None),
            Some(image) => self.stage(&image.buffers, Some(image)).map(Some),
        };
        let staged = match staged {
            Ok(staged) => staged,
            Err(NoRoom::Ever(_)) if state.in_ring.is_empty() => {
                state.pending.pop_front();
                state.results.end(id, RequestOutcome::Error);
                self.finished.store(id + 1, Ordering::Release);
                self.wake();
                return true;
            }
            Err(_) => {
                state.starved = true;
                return false;
            }
        };
        let Some(QueuedRequest::Call(_, call)) = state.pending.pop_front() else {
            return false;
        };
        call.with(|call| match staged {
            None => self.push(state, id, call),
            Some(staged) => self.push_staged(state, id, call, staged),
        });
        true
    }

    /// The next request of the host, if it is the first one left. The caller runs it and then
    /// calls `end_host`.
    pub(crate) fn next_host(
        &self,
        state: &mut QueueState,
        functions: bool,
    ) -> Option<(u64, HostOp)> {
        self.pump(state);
        if state.busy || !state.in_ring.is_empty() || !self.may_start(state) {
            return None;
        }
        match state.pending.front() {
            Some(QueuedRequest::Host(_, op)) if functions || !op.is_function() => {}
            _ => return None,
        }
        let Some(QueuedRequest::Host(id, op)) = state.pending.pop_front() else {
            return None;
        };
        state.busy = true;
        state.host = Some(id);
        self.has_started(state);
        Some((id, *op))
    }

    /// The response that would let a waiting request start; `None`: no response would.
    pub(crate) fn awaited(&self, state: &QueueState) -> Option<u64> {
        let Range { start, end } = state.in_ring;
        match state.pending.front()? {
            _ if start == end => None,
            QueuedRequest::Call(..) => Some(start + (end - start) / 2),
            _ => Some(end - 1),
        }
    }

    pub(super) fn end_exclusive_use(&self, mut state: MutexGuard<'_, QueueState>) {
        state.busy = false;
        self.pump(&mut state);
        let backlog = !state.pending.is_empty();
        drop(state);
        self.wake();
        if backlog {
            self.progress.nudge();
        }
    }
}
