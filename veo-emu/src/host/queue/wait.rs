//! Waiting for results, and collecting them.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Queue, QueueState, STARVED, Waited};
use crate::host::queue::progress;
use crate::host::results::{RequestOutcome, ResultState, Results};
use crate::host::schedule::Goal;
use crate::shared::ring::Completion;
use crate::shared::wait::Spin;
use crate::sync::lock;
use crate::sys::thread::current_cpu;

impl Queue {
    /// Waits until `done` holds, which this asks under the lock, after harvesting. While it
    /// spins it looks for the response of the request `watched`.
    pub(super) fn wait_until<T>(
        &self,
        watched: Option<u64>,
        end: Option<Instant>,
        mut done: impl FnMut(&mut QueueState) -> Option<T>,
    ) -> Option<T> {
        let ring = self.ring();
        let mut spin = Spin::default();
        loop {
            let seen = ring.generation();
            let mut state = lock(&self.state);
            self.harvest(&mut state);
            if let Some(result) = done(&mut state) {
                return Some(result);
            }
            if let Some((id, op)) = self.next_host(&mut state, false) {
                drop(state);
                let outcome = op.run(self);
                self.end_host(id, outcome);
                continue;
            }
            if let Some(result) = done(&mut state) {
                return Some(result);
            }
            let last = state.in_ring.end.checked_sub(1);
            let target = match watched {
                Some(id) if last.is_some_and(|last| id <= last) => Some(id),
                _ => self
                    .awaited(&state)
                    .or(last.filter(|_| !state.in_ring.is_empty())),
            };
            let (dead, starved) = (state.dead, state.starved);
            // Under the lock: another thread may take a result as soon as it is free.
            let finished = self.finished.load(Ordering::Acquire);
            drop(state);
            if end.is_some_and(|end| Instant::now() >= end) {
                return None;
            }
            let changed = || {
                (self.child.is_dead() && !dead)
                    || self.finished.load(Ordering::Acquire) != finished
                    || target.is_some_and(|id| ring.response(id).is_some())
                    || ring.generation() != seen
            };
            if ring.ve_cpu() != current_cpu() {
                let mut again = true;
                while !changed() && again {
                    again = spin.again();
                    if end.is_some() && spin.is_rare() && end.is_some_and(|e| Instant::now() >= e) {
                        again = false;
                    }
                }
                if again {
                    continue;
                }
            }
            let mut left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if starved {
                left = Some(left.map_or(STARVED, |left| left.min(STARVED)));
            }
            self.sleep(seen, target, left, changed);
        }
    }

    /// Whether this is a call in the ring whose end the host has not seen.
    #[inline]
    fn is_under_way(&self, id: u64) -> bool {
        id < self.posted.load(Ordering::Relaxed)
            && self.ring().response(id).is_none()
            && self.finished.load(Ordering::Relaxed) <= id
            && !self.child.is_dead()
    }

    /// Waits for the response of a call in the ring without the lock, which would be most of
    /// the cost of a short wait. It spins, then sleeps once: such a call ends without help from
    /// here. Returns at once for other requests, and early when something else happens.
    #[inline]
    fn await_call(&self, id: u64) {
        if !self.is_under_way(id) {
            return;
        }
        if self.ring().ve_cpu() != current_cpu() {
            let mut spin = Spin::default();
            while spin.again() {
                if !self.is_under_way(id) {
                    return;
                }
            }
        }
        let seen = self.ring().generation();
        self.sleep(seen, Some(id), None, || !self.is_under_way(id));
    }

    /// Collects the result of a request, when it is there.
    #[inline]
    pub(crate) fn wait(&self, id: u64, limit: Option<Duration>) -> Waited {
        let mut waited = Waited::TimedOut;
        self.collect(&[id], limit, |_, result| waited = result);
        waited
    }

    /// Waits for the first of these requests, then collects its result and those of the
    /// ones behind it up to the first that has not ended. `take` gets each and its place.
    #[inline]
    pub(crate) fn collect(
        &self,
        ids: &[u64],
        limit: Option<Duration>,
        mut take: impl FnMut(usize, Waited),
    ) {
        let Some(first) = ids.first().copied() else {
            return;
        };
        if progress::is_serving(self) {
            // A host function called this. A result that is not there is queued behind it.
            return take(0, self.peek(first));
        }
        let end = limit.and_then(|limit| Instant::now().checked_add(limit));
        if limit.is_none() {
            self.await_call(first);
        }
        // One look before `wait_until`, which harvests first: a result that goes straight
        // from the ring to its collector takes 40 % less time.
        let mut taken = self.take_ended(&mut lock(&self.state), ids, &mut take);
        if !taken {
            let schedule = self.child.schedule.as_ref();
            let _asked = schedule.map(|schedule| schedule.ask(self.index, Goal::End(first)));
            let done =
                |state: &mut QueueState| self.take_ended(state, ids, &mut take).then_some(());
            taken = self.wait_until(Some(first), end, done).is_some();
        }
        if taken {
            self.child.flush_output(end);
        } else {
            take(0, Waited::TimedOut);
        }
    }

    /// Takes the results of these requests up to the first that has not ended. Tells whether
    /// there was any.
    #[inline]
    fn take_ended(
        &self,
        state: &mut QueueState,
        ids: &[u64],
        take: &mut impl FnMut(usize, Waited),
    ) -> bool {
        let mut count = 0;
        for id in ids {
            let waited = match self.take_oldest(state, *id) {
                Some(value) => Waited::Ended(RequestOutcome::Ok(value)),
                None => {
                    self.harvest(state);
                    // A failure leaves a sentence, and a thread keeps only the last one. So
                    // this leaves a later failure to the thread that waits for it.
                    if count > 0 && has_failed(&state.results, *id) {
                        break;
                    }
                    match ended(&mut state.results, *id) {
                        Some(waited) => waited,
                        None => break,
                    }
                }
            };
            take(count, waited);
            count += 1;
        }
        count > 0
    }

    /// Takes the result of a call straight from the ring, if it is the oldest one there and
    /// there is nothing else to be done for it.
    #[inline]
    fn take_oldest(&self, state: &mut QueueState, id: u64) -> Option<u64> {
        if state.in_ring.start != id || state.in_ring.is_empty() || !state.staged.is_empty() {
            return None;
        }
        let (Completion::Done, value) = self.ring().response(id)? else {
            return None;
        };
        if !state.results.pass(id) {
            return None;
        }
        state.in_ring.start += 1;
        self.finished.store(state.in_ring.start, Ordering::Release);
        Some(value)
    }

    /// Collects the result of a request if it is there.
    pub(crate) fn peek(&self, id: u64) -> Waited {
        let mut state = lock(&self.state);
        self.harvest(&mut state);
        self.pump(&mut state);
        let waited = ended(&mut state.results, id).unwrap_or(Waited::TimedOut);
        drop(state);
        if waited == Waited::TimedOut
            && let Some(schedule) = &self.child.schedule
            && let Some(limit) = schedule.look(self.index, id)
            && !progress::is_serving(self)
        {
            return self.wait(id, Some(limit));
        }
        waited
    }

    /// Gives up a result.
    pub(crate) fn discard(&self, id: u64) -> bool {
        let mut state = lock(&self.state);
        self.harvest(&mut state);
        state.results.discard(id)
    }

    /// Waits until everything submitted so far has ended. libveo sends a message for this,
    /// too.
    pub(crate) fn sync(&self) {
        // If the process has ended, everything has.
        drop(self.exclusive_use());
    }
}

/// Whether a request has ended without a result.
fn has_failed(results: &Results, id: u64) -> bool {
    let state = results.look(id);
    matches!(state, ResultState::Ended(outcome) if !matches!(outcome, RequestOutcome::Ok(_)))
}

/// Takes the result of a request, if it has ended or is unknown.
#[inline]
fn ended(results: &mut Results, id: u64) -> Option<Waited> {
    match results.take(id) {
        ResultState::Unknown => Some(Waited::Unknown),
        ResultState::Ended(outcome) => Some(Waited::Ended(outcome)),
        ResultState::Pending => None,
    }
}
