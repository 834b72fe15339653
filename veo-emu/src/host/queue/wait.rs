//! Waits for results, collects them, and notices when a result will never come.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{LOOK, Queue, QueueState, STARVED, WaitResult};
use crate::host::death::Reason;
use crate::host::queue::progress;
use crate::host::results::{RequestOutcome, ResultState, Results};
use crate::host::schedule::Goal;
use crate::shared::ring::{Completion, Span};
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
                self.run_host(id, op);
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

    /// Collects the result of a request once it is there.
    #[inline]
    pub(crate) fn wait(&self, id: u64, limit: Option<Duration>) -> WaitResult {
        let mut waited = WaitResult::TimedOut;
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
        mut take: impl FnMut(usize, WaitResult),
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
            take(0, WaitResult::TimedOut);
        }
    }

    /// Takes the results of these requests up to the first that has not ended. Tells whether
    /// there was any.
    #[inline]
    fn take_ended(
        &self,
        state: &mut QueueState,
        ids: &[u64],
        take: &mut impl FnMut(usize, WaitResult),
    ) -> bool {
        let mut count = 0;
        for id in ids {
            let waited = match self.take_oldest(state, *id) {
                Some(value) => WaitResult::Ended(RequestOutcome::Ok(value)),
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
        state.times.keep(id, || self.ring().span_of_response(id));
        state.in_ring.start += 1;
        self.finished.store(state.in_ring.start, Ordering::Release);
        Some(value)
    }

    /// Collects the result of a request if it is there.
    pub(crate) fn peek(&self, id: u64) -> WaitResult {
        let mut state = lock(&self.state);
        self.harvest(&mut state);
        self.pump(&mut state);
        let waited = ended(&mut state.results, id).unwrap_or(WaitResult::TimedOut);
        drop(state);
        if waited == WaitResult::TimedOut
            && let Some(schedule) = &self.child.schedule
            && let Some(limit) = schedule.look(self.index, id)
            && !progress::is_serving(self)
        {
            return self.wait(id, Some(limit));
        }
        waited
    }

    /// The times of these requests, which were taken just now, in order.
    pub(crate) fn spans(&self, ids: &[u64], mut tell: impl FnMut(usize, Span)) {
        let mut state = lock(&self.state);
        for (place, id) in ids.iter().enumerate() {
            let span = match state.times.take(*id) {
                Some(span) => span,
                None if *id < state.results.next() => self.ring().span(*id),
                None => Span::default(),
            };
            tell(place, span);
        }
    }

    /// Gives up a result.
    pub(crate) fn discard(&self, id: u64) -> bool {
        let mut state = lock(&self.state);
        self.harvest(&mut state);
        state.results.discard(id)
    }

    /// Waits until everything submitted so far has ended. libveo sends a message for this, too.
    pub(crate) fn sync(&self) {
        // If the process has ended, all requests have.
        drop(self.exclusive_use());
    }

    // ---- hangs ----
    //
    // A kernel can end the thread of the VE side, have it traced, or overwrite the ring. Then no
    // response ever comes. A waiting thread looks for that twice a second.

    /// Ends the process if its thread will never do the requests in the ring. `same` tells
    /// whether nothing has happened since the generation `seen`.
    #[cold]
    pub(super) fn look_for_hang(&self, seen: u32, same: impl Fn() -> bool) {
        if self.has_lost_its_thread() && same() {
            self.child.end_broken(&format!(
                "the thread of context {} ended without a word; did a kernel end it, or a \
                 system call filter?",
                self.index
            ));
        } else if self.is_held_by_a_trace() && same() {
            self.child.end_because(Reason::broken(format!(
                "the thread of context {} stopped, since a kernel had it traced (ptrace)",
                self.index
            )));
            self.child.wait_for_end(LOOK);
        } else {
            // The process may have ended while this program was its tracer.
            self.collect_traced_thread();
            let suspected = self.does_not_see_its_work();
            // A kernel may have overwritten the sign that it sleeps.
            self.ring().wake_ve();
            if suspected {
                self.ring().sleep(seen, Some(LOOK));
            }
            if suspected && same() && self.does_not_see_its_work() {
                self.child.end_broken(&format!(
                    "context {} waits for requests that are there; did a kernel overwrite the \
                     memory that connects it with the host?",
                    self.index
                ));
            }
        }
    }

    /// Collects the VE side's thread, if a kernel has made this program its tracer. Its process
    /// does not end before.
    pub(super) fn collect_traced_thread(&self) {
        let mut status = 0;
        if self.thread > 0 && !self.has_lost_its_thread() {
            // SAFETY: the status is valid for writing. The thread is there, so the number
            // is its own; a process that is neither child nor traced is an error.
            unsafe { libc::waitpid(self.thread, &mut status, libc::WNOHANG | libc::__WALL) };
        }
    }

    /// Whether the VE side's thread is gone, while its process may go on.
    fn has_lost_its_thread(&self) -> bool {
        if self.thread <= 0 || self.child.is_dead() {
            return false;
        }
        // SAFETY: plain numbers; signal 0 only asks.
        let asked = unsafe { libc::syscall(libc::SYS_tgkill, self.child.pid, self.thread, 0) };
        asked < 0 && std::io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH)
    }

    /// Whether a signal has stopped the VE side's thread, and this program is its tracer.
    fn is_held_by_a_trace(&self) -> bool {
        if self.thread <= 0 || self.child.is_dead() {
            return false;
        }
        // SAFETY: an all-zero siginfo is a valid value of that structure.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        let options = libc::WNOHANG | libc::WSTOPPED | libc::WNOWAIT | libc::__WALL;
        // SAFETY: the structure is valid for writing; nothing is collected, and what is
        // neither child nor traced is an error.
        let asked =
            unsafe { libc::waitid(libc::P_PID, self.thread as libc::id_t, &mut info, options) };
        asked == 0 && info.si_code == libc::CLD_TRAPPED
    }

    /// Whether the VE side says that it sleeps, or cannot see its request, while there is one.
    fn does_not_see_its_work(&self) -> bool {
        let mut state = lock(&self.state);
        self.harvest(&mut state);
        let oldest = state.position - state.ring_len() as u64;
        let ring = self.ring();
        !state.dead && !state.in_ring.is_empty() && (ring.is_asleep() || !ring.is_there(oldest))
    }
}

/// Whether a request has ended without a result.
fn has_failed(results: &Results, id: u64) -> bool {
    let state = results.look(id);
    matches!(state, ResultState::Ended(outcome) if !matches!(outcome, RequestOutcome::Ok(_)))
}

/// Takes the result of a request, if it has ended or is unknown.
#[inline]
fn ended(results: &mut Results, id: u64) -> Option<WaitResult> {
    match results.take(id) {
        ResultState::Unknown => Some(WaitResult::Unknown),
        ResultState::Ended(outcome) => Some(WaitResult::Ended(outcome)),
        ResultState::Pending => None,
    }
}
