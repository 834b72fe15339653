//! The queue of a context: requests in order, some run by the VE, some by the host.
//!
//! ```text
//!   submit ─► ring (while it has room and nothing waits)  ─► VE ─► response ─► results
//!        └──► pending (ring full, or a transfer before it) ─┘ moved on by `pump`
//! ```
//!
//! A request of the host (a transfer, a function) begins when the ring is empty. Requests behind
//! it enter the ring when it is done. So the order holds, and the VE side knows nothing of it.
//! Every thread that holds the lock may harvest responses and pump. A thread of the queue
//! ([`progress`]) does so if no other thread would.

mod ordered;
pub(crate) mod progress;
mod submit;
mod times;
mod wait;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::thread::ThreadId;
use std::time::Duration;

use veo_abi::ticks::system_time;

use self::progress::Progress;
use super::child_process::{ChildProcess, Dependant};
use super::death::{Death, Work, WorkKind};
use super::memory::NoRoom;
use super::operation::{HostOp, QueuedRequest, Staged};
use super::results::{RequestOutcome, ResultState, Results};
use crate::error::Result;
use crate::shared::ring::{Completion, HostAnswer, HostSide, Ring, SLOTS, Span};
use crate::sync::lock;
use crate::sys::memfd::Mapping;
use crate::sys::thread::NO_CPU;

/// How often a sleeping thread looks around.
const LOOK: Duration = Duration::from_millis(500);

/// How long to wait before asking again for room that another context holds.
pub(crate) const STARVED: Duration = Duration::from_millis(1);

/// One context's queue.
pub(crate) struct Queue {
    pub(crate) child: Arc<ChildProcess>,
    pub(crate) index: u32,
    pub(crate) mapping: Mapping,
    /// The thread of the VE side.
    thread: libc::pid_t,
    pub(crate) state: Mutex<QueueState>,
    pub(crate) progress: Progress,
    /// All requests below this id have ended.
    finished: AtomicU64,
    /// All calls below this id are in the ring or have ended. They end without help from the
    /// host.
    posted: AtomicU64,
    /// Threads of the host that sleep, or are about to.
    sleepers: AtomicU64,
    /// Signals the end of a request block.
    unblocked: Condvar,
    /// Why requests have failed, of the last that have. Nothing else is locked while this is.
    reasons: Mutex<VecDeque<(u64, String)>>,
}

/// The state that the lock of a queue protects.
pub(crate) struct QueueState {
    pub(crate) results: Results,
    pub(crate) pending: VecDeque<QueuedRequest>,
    /// A thread of the host has exclusive use of the context.
    pub(crate) busy: bool,
    /// The ids of the calls in the ring, and the data that some of them give back at their end.
    in_ring: Range<u64>,
    staged: VecDeque<(u64, Staged)>,
    times: times::Times,
    /// Position in the ring of the next request.
    position: u64,
    /// The CPU that a submitting thread was last seen on.
    cpu: u32,
    parcels: u64,
    /// Work of the VE side that is no call.
    parcel: Option<WorkKind>,
    tickets: u64,
    serving: u64,
    closed: bool,
    dead: bool,
    /// The request that the host is doing now, and whether it is a function of the program.
    host: Option<u64>,
    in_function: bool,
    /// The next call waits for room for its stack buffers.
    pub(crate) starved: bool,
    block: Option<(ThreadId, u32)>,
    /// With a schedule: so many requests may start.
    permits: u64,
}

/// A wait that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitResult {
    Ended(RequestOutcome),
    Unknown,
    TimedOut,
}

impl QueueState {
    /// How many calls are in the ring.
    #[inline]
    fn ring_len(&self) -> usize {
        (self.in_ring.end - self.in_ring.start) as usize
    }

    /// Whether a new call may enter the ring at once.
    #[inline]
    fn takes_calls(&self) -> bool {
        self.pending.is_empty() && !self.busy && self.ring_len() < SLOTS
    }

    /// The function of the oldest call in the ring.
    fn oldest_function(&self) -> Option<u64> {
        if self.in_ring.is_empty() {
            return None;
        }
        Some(self.results.function(self.in_ring.start).unwrap_or(0))
    }
}

impl Queue {
    /// `thread` is the number of the VE side's thread, or 0.
    pub(crate) fn new(
        child: Arc<ChildProcess>,
        index: u32,
        mapping: Mapping,
        thread: libc::pid_t,
    ) -> Arc<Queue> {
        let queue = Arc::new(Queue {
            child: child.clone(),
            index,
            mapping,
            thread,
            state: Mutex::new(QueueState {
                results: Results::default(),
                pending: VecDeque::new(),
                busy: false,
                in_ring: 0..0,
                staged: VecDeque::new(),
                times: times::Times::default(),
                position: 0,
                cpu: NO_CPU,
                parcels: 0,
                parcel: None,
                tickets: 0,
                serving: 0,
                closed: false,
                dead: false,
                host: None,
                in_function: false,
                starved: false,
                block: None,
                permits: 0,
            }),
            progress: Progress::default(),
            finished: AtomicU64::new(0),
            posted: AtomicU64::new(0),
            sleepers: AtomicU64::new(0),
            unblocked: Condvar::new(),
            reasons: Mutex::default(),
        });
        let dependant: Weak<Queue> = Arc::downgrade(&queue);
        child.enrol(dependant);
        // From now on, a thread that switches times on or off finds the queue among the contexts.
        queue.follow_timed();
        if let Some(schedule) = &child.schedule {
            let ordered: Weak<Queue> = Arc::downgrade(&queue);
            schedule.enrol(index, ordered);
        }
        queue
    }

    #[inline]
    pub(crate) fn ring(&self) -> HostSide<'_> {
        self.mapping.view::<Ring>().host_side()
    }

    /// Wakes the threads of the host that sleep.
    pub(crate) fn wake(&self) {
        self.ring().count_event();
        fence(Ordering::SeqCst);
        if self.sleepers.load(Ordering::Relaxed) > 0 {
            self.ring().wake_host();
        }
    }

    /// Sleeps until the response `target` or an event, unless `changed` already.
    pub(crate) fn sleep(
        &self,
        seen: u32,
        target: Option<u64>,
        limit: Option<Duration>,
        changed: impl Fn() -> bool,
    ) {
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        if let Some(id) = target {
            self.ring().arm(id);
        } else {
            fence(Ordering::SeqCst);
        }
        let same = || !changed() && self.ring().generation() == seen;
        if same() {
            // A kernel may have stopped the VE side, or damaged it so that it wakes no thread.
            let limit = limit.map_or(LOOK, |limit| limit.min(LOOK));
            self.ring().sleep(seen, Some(limit));
            if limit == LOOK && same() {
                self.look_for_hang(seen, same);
            }
        }
        self.sleepers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Closes the queue: it takes no more submissions.
    pub(crate) fn close(&self) {
        lock(&self.state).closed = true;
        self.unblocked.notify_all();
    }

    // ---- progress: responses leave the ring, waiting requests start ----

    /// Whether nothing runs and nothing waits, so that a request begins as it comes.
    fn is_idle(&self, state: &mut QueueState) -> bool {
        if self.child.schedule.is_some() {
            return false;
        }
        if !state.in_ring.is_empty() {
            self.harvest(state);
        }
        state.in_ring.is_empty() && state.pending.is_empty() && !state.busy
    }

    /// Does a request of the host, and ends it.
    pub(crate) fn run_host(&self, id: u64, op: HostOp) {
        let is_function = op.is_function();
        if !self.ring().is_timed() {
            let result = op.run(self);
            return self.end_host(id, is_function, result);
        }
        let started = system_time();
        let result = op.run(self);
        let ended = system_time();
        let mut state = lock(&self.state);
        state.times.keep(id, || Span { started, ended });
        drop(state);
        self.end_host(id, is_function, result);
    }

    /// Ends a request of the host and lets the next one begin.
    pub(crate) fn end_host(&self, id: u64, is_function: bool, result: Result<u64>) {
        let (outcome, answer) = match result {
            Ok(value) if is_function => (RequestOutcome::Ok(value), Some(HostAnswer::Nothing)),
            Ok(value) => (RequestOutcome::Ok(value), Some(HostAnswer::Result(value))),
            Err(error) => {
                self.note_reason(id, error.text);
                (RequestOutcome::Error, None)
            }
        };
        let mut state = lock(&self.state);
        self.note_end(&state, state.results.first_of(id)..id + 1, answer);
        state.results.end(id, outcome);
        state.host = None;
        self.end_exclusive_use(state);
    }

    /// Keeps the reason for a request's failure until the request is collected.
    fn note_reason(&self, id: u64, text: String) {
        /// Older reasons are dropped, and their requests are collected without one.
        const KEPT: usize = 64;
        let mut reasons = lock(&self.reasons);
        if reasons.len() == KEPT {
            reasons.pop_front();
        }
        reasons.push_back((id, text));
    }

    /// The reason for a request's failure, if it is known.
    pub(crate) fn take_reason(&self, id: u64) -> Option<String> {
        let mut reasons = lock(&self.reasons);
        let at = reasons.iter().position(|(of, _)| *of == id)?;
        reasons.remove(at).map(|(_, text)| text)
    }

    /// Notes that the host's work with these ids has ended. Kernels behind it may ask for its
    /// result.
    fn note_end(&self, state: &QueueState, ids: Range<u64>, answer: Option<HostAnswer>) {
        if ids.is_empty() {
            return;
        }
        if let Some(answer) = answer {
            for id in ids.start.max(ids.end.saturating_sub(SLOTS as u64))..ids.end {
                self.ring().answer(id, answer);
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

    fn retire_first(&self, state: &mut QueueState, outcome: RequestOutcome) {
        let id = state.in_ring.start;
        state.in_ring.start += 1;
        state.times.keep(id, || self.ring().span(id));
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
            Err(NoRoom::Ever(text)) if state.in_ring.is_empty() => {
                self.note_reason(id, text);
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
        state.in_function = op.is_function();
        self.has_started(state);
        Some((id, *op))
    }

    /// The response that would let a waiting request start. `None` if no response would.
    pub(crate) fn awaited(&self, state: &QueueState) -> Option<u64> {
        let Range { start, end } = state.in_ring;
        match state.pending.front()? {
            _ if start == end => None,
            QueuedRequest::Call(..) => Some(start + (end - start) / 2),
            _ => Some(end - 1),
        }
    }

    fn end_exclusive_use(&self, mut state: MutexGuard<'_, QueueState>) {
        state.busy = false;
        self.pump(&mut state);
        let backlog = !state.pending.is_empty();
        drop(state);
        self.wake();
        if backlog {
            self.progress.nudge();
        }
    }

    /// Whether the request that waits first may start.
    #[inline]
    fn may_start(&self, state: &QueueState) -> bool {
        self.child.schedule.is_none() || state.permits > 0
    }

    /// Notes that a request has started. The result is whether another one may.
    #[inline]
    fn has_started(&self, state: &mut QueueState) -> bool {
        state.permits = state.permits.saturating_sub(1);
        self.may_start(state)
    }
}

impl Dependant for Queue {
    fn work(&self) -> Option<Work> {
        let mut state = lock(&self.state);
        self.harvest(&mut state);
        if state.dead {
            return None;
        }
        match state.oldest_function() {
            Some(address) => Some(Work {
                context: self.index,
                number: state.in_ring.start,
                kind: WorkKind::Kernel(address),
            }),
            None => state.parcel.map(|kind| Work {
                context: self.index,
                number: state.parcels,
                kind,
            }),
        }
    }

    fn fail(&self, death: &Death) {
        let mut state = lock(&self.state);
        if state.dead {
            return;
        }
        self.harvest(&mut state);
        let guilty = match death.culprit() {
            Some((context, id)) => context == self.index && id == state.in_ring.start,
            None => self.ring().running() == Some(state.in_ring.start),
        };
        let mut first = true;
        while !state.in_ring.is_empty() {
            let outcome = match death.exception() {
                Some(signal) if guilty && first => RequestOutcome::Exception(signal as u64),
                _ => RequestOutcome::Error,
            };
            first = false;
            self.retire_first(&mut state, outcome);
        }
        state.dead = true;
        let next = state.results.next();
        // The request that the host runs now ends by itself: it may be using the caller's buffer.
        let host = state.host.map(|id| state.results.first_of(id)..=id);
        for id in self.finished.load(Ordering::Relaxed)..next {
            if !host.as_ref().is_some_and(|host| host.contains(&id)) {
                state.results.end(id, RequestOutcome::Error);
            }
        }
        state.pending = VecDeque::new();
        state.permits = 0;
        let finished = host.map_or(next, |host| *host.start());
        self.finished.store(finished, Ordering::Release);
        drop(state);
        self.ring().wake_host();
        self.unblocked.notify_all();
        self.progress.nudge();
    }

    fn follow_timed(&self) {
        let mut state = lock(&self.state);
        let wanted = self.child.is_timed();
        if wanted != state.times.are_wanted() {
            self.ring().set_timed(wanted);
            state.times.begin(wanted);
        }
    }

    fn collect_thread(&self) {
        self.collect_traced_thread();
    }
}
