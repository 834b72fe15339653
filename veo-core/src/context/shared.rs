//! A context as its handles share it: submission, and collection in order.
//!
//! One thread at a time, the collector, asks the backend for results: libveo hangs
//! when two threads wait on one context. It always asks for the oldest pending
//! request, so that whoever waits for what is served in the order in which results
//! come; the others sleep until it has recorded one. Synchronous calls on the main
//! context take the same place.
//!
//! The lock is never held while waiting for the VE, nor while code of the user runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use smallvec::SmallVec;
use veo_abi::ffi::{self, veo_thr_ctxt};

use super::args::ArgsHandle;
use super::host_function;
use super::table::{
    Aftermath, Collected, Outcome, Payload, State as CommandState, Table, Ticket, contain,
};
use super::what::What;
use crate::backend::need;
use crate::error::{Error, Result};
use crate::memory::Usage;
use crate::process::ProcCore;

/// Whether requests are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Open,
    /// No more requests are taken; those submitted are being finished.
    Closing,
    /// The backend's handle must not be used any more.
    Closed,
}

pub(crate) struct State {
    pub(crate) table: Table,
    pub(crate) phase: Phase,
    /// Whether a thread is the collector.
    collecting: bool,
    /// Whether the collector's place was taken for good, see [`CtxShared::retire`].
    retired: bool,
    /// Threads that sleep until something changes.
    sleepers: usize,
    /// The thread inside a request block, and how deep.
    block: Option<(ThreadId, usize)>,
    /// Argument objects to be used again.
    args: Vec<ArgsHandle>,
    /// Whether the thread that serves futures runs.
    driver: bool,
}

pub(crate) struct CtxShared {
    pub(crate) core: Arc<ProcCore>,
    /// Numbers contexts for the life of the program, from 1.
    pub(crate) id: u64,
    handle: *mut veo_thr_ctxt,
    state: Mutex<State>,
    changed: Condvar,
    /// How many requests were collected: those with lower numbers have finished.
    collected: AtomicU64,
}

// SAFETY: the handle is an opaque token that any thread may pass to the backend; the
// lock and the collector's place keep the calls apart that must not meet.
unsafe impl Send for CtxShared {}
// SAFETY: as above.
unsafe impl Sync for CtxShared {}

pub(crate) type Guard<'a> = MutexGuard<'a, State>;
pub(crate) type Aftermaths = SmallVec<[Aftermath; 2]>;

impl CtxShared {
    pub(crate) fn new(core: Arc<ProcCore>, handle: *mut veo_thr_ctxt) -> Arc<CtxShared> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Arc::new(CtxShared {
            core,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            handle,
            state: Mutex::new(State {
                table: Table::default(),
                phase: Phase::Open,
                collecting: false,
                retired: false,
                sleepers: 0,
                block: None,
                args: Vec::new(),
                driver: false,
            }),
            changed: Condvar::new(),
            collected: AtomicU64::new(0),
        })
    }

    /// The backend's handle, for someone who holds the lock and saw that the context
    /// is not closed.
    pub(crate) fn handle(&self) -> *mut veo_thr_ctxt {
        self.handle
    }

    pub(crate) fn lock(&self) -> Guard<'_> {
        // No code of the user runs under the lock, so poison cannot mean a broken state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep<'a>(&'a self, mut state: Guard<'a>, until: Option<Instant>) -> Guard<'a> {
        state.sleepers += 1;
        let mut state = match until {
            None => self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner),
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                self.changed
                    .wait_timeout(state, left)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
        state.sleepers -= 1;
        state
    }

    fn wake(&self, state: &Guard<'_>) {
        if state.sleepers > 0 {
            self.changed.notify_all();
        }
    }

    /// Hands a request to the backend by `send`, which gives its id, and enters it
    /// with `payload`, everything the backend may touch for it.
    pub(crate) fn submit(
        &self,
        what: What,
        payload: Payload,
        uses: &[&'static Usage],
        send: impl FnOnce(&mut Submission<'_>) -> Result<u64>,
    ) -> Result<Ticket> {
        self.core.check(&what)?;
        let mut state = self.lock();
        if state.block.is_some() {
            state = self.wait_for_block(state);
        }
        if state.phase != Phase::Open {
            return Err(Error::ContextClosed {
                what: what.to_string(),
            });
        }
        state.table.reserve();
        let number = state.table.next();
        let id = send(&mut Submission {
            ctx: self,
            number,
            args: &mut state.args,
        })?;
        if id == ffi::VEO_REQUEST_ID_INVALID {
            drop(state);
            return Err(self.core.refused(&what));
        }
        for usage in uses {
            usage.note(self.id, number);
        }
        let ticket = state.table.insert(id, what, payload, Instant::now());
        let mut after = Aftermaths::new();
        if state.table.parked() > 0 {
            // Requests that nobody waits for are collected on the way.
            self.poll(&mut state, 2, &mut after);
        }
        drop(state);
        after.into_iter().for_each(Aftermath::run);
        Ok(ticket)
    }

    fn wait_for_block<'a>(&'a self, mut state: Guard<'a>) -> Guard<'a> {
        if self.runs_host_function() {
            // The block may be waiting for this very function.
            return state;
        }
        let me = std::thread::current().id();
        while state.phase == Phase::Open && state.block.is_some_and(|(owner, _)| owner != me) {
            state = self.sleep(state, None);
        }
        state
    }

    /// Keeps other threads from submitting until as many calls of `end_block`.
    pub(crate) fn begin_block(&self) -> Result<()> {
        self.core.check("a request block")?;
        let mut state = self.wait_for_block(self.lock());
        if state.phase != Phase::Open {
            return Err(Error::ContextClosed {
                what: "a request block".into(),
            });
        }
        let me = std::thread::current().id();
        // A host function joins the block of another thread.
        let (owner, depth) = state.block.unwrap_or((me, 0));
        state.block = Some((owner, depth + 1));
        Ok(())
    }

    pub(crate) fn end_block(&self) {
        let mut state = self.lock();
        state.block = match state.block {
            Some((owner, depth)) if depth > 1 => Some((owner, depth - 1)),
            _ => None,
        };
        self.wake(&state);
    }

    /// Whether request `number` and all before it have finished.
    pub(crate) fn finished(&self, number: u64) -> bool {
        self.collected.load(Ordering::Acquire) > number
    }

    /// Waits until the request was collected and takes its result; `None` when the
    /// time is up before.
    pub(crate) fn wait(&self, ticket: Ticket, until: Option<Instant>) -> Result<Option<Collected>> {
        self.check_not_foreign()?;
        self.check_not_before(ticket.number, || self.describe(ticket))?;
        let mut state = self.lock();
        loop {
            if state.table.is_done(ticket) {
                let collected = state.table.take(ticket);
                return collected.map(Some).ok_or_else(|| Error::AlreadyCollected {
                    what: "the request".into(),
                });
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                return Ok(None);
            }
            state = self.advance(state, Some(ticket), until);
        }
    }

    /// The result if it is there, without waiting for the VE.
    pub(crate) fn peek(&self, ticket: Ticket) -> Result<Option<Collected>> {
        self.check_not_foreign()?;
        let mut after = Aftermaths::new();
        let mut state = self.lock();
        if !state.table.is_done(ticket) {
            self.poll(&mut state, usize::MAX, &mut after);
        }
        let collected = state
            .table
            .is_done(ticket)
            .then(|| state.table.take(ticket))
            .flatten();
        drop(state);
        after.into_iter().for_each(Aftermath::run);
        Ok(collected)
    }

    /// Takes the result of a request that was collected; the error if it failed.
    pub(crate) fn settle(&self, ticket: Ticket) -> Option<Error> {
        let collected = self.lock().table.take(ticket)?;
        (collected.outcome.state != CommandState::Ok).then(|| {
            self.core
                .failure(&collected.what, Some(collected.id), collected.outcome)
        })
    }

    /// How a request that was collected ended, without taking its result.
    pub(crate) fn verdict(&self, ticket: Ticket) -> Option<Error> {
        let state = self.lock();
        let outcome = state.table.outcome(ticket)?;
        let what = state.table.what(ticket)?;
        drop(state);
        (outcome.state != CommandState::Ok).then(|| self.core.failure(&what, None, outcome))
    }

    /// Waits until every request with a number below `number` was collected.
    pub(crate) fn drain(&self, number: u64, until: Option<Instant>) -> bool {
        let mut state = self.lock();
        while !self.finished_below(number) {
            if until.is_some_and(|until| Instant::now() >= until) {
                return false;
            }
            state = self.advance(state, None, until);
        }
        true
    }

    fn finished_below(&self, number: u64) -> bool {
        self.collected.load(Ordering::Acquire) >= number
    }

    /// Collects one request, or sleeps until something changes. May return early. `own`
    /// is what the caller waits for, who needs not be told when he had it.
    fn advance<'a>(
        &'a self,
        mut state: Guard<'a>,
        own: Option<Ticket>,
        until: Option<Instant>,
    ) -> Guard<'a> {
        if state.collecting || state.phase == Phase::Closed {
            return self.sleep(state, until);
        }
        let Some(id) = state.table.oldest() else {
            // Nothing is pending, so nobody has anything to wait for here.
            return state;
        };
        let own = own.is_some_and(|own| state.table.is_oldest(own));
        state.collecting = true;
        drop(state);
        let outcome = self.ask(id, until);
        // Reading the clock costs a fair part of a short call.
        let now = (!own).then(Instant::now);
        let mut state = self.lock();
        state.collecting = false;
        let after = outcome.map(|outcome| self.record(&mut state, outcome, now));
        self.wake(&state);
        if let Some(after) = after.filter(|after| !after.is_empty()) {
            drop(state);
            after.run();
            state = self.lock();
        }
        state
    }

    /// Collects what is there without waiting, at most `limit` requests. Does nothing
    /// while another thread collects.
    fn poll(&self, state: &mut Guard<'_>, limit: usize, after: &mut Aftermaths) {
        if state.collecting || state.phase == Phase::Closed {
            return;
        }
        let mut any = false;
        for _ in 0..limit {
            let Some(id) = state.table.oldest() else {
                break;
            };
            let Some(outcome) = self.peek_backend(id) else {
                break;
            };
            any = true;
            after.push(self.record(state, outcome, Some(Instant::now())));
        }
        if any {
            self.wake(state);
        }
    }

    /// Collects what is there without waiting, for nobody in particular. Tells whether
    /// requests without a handle are left, and what memory they left behind.
    pub(crate) fn tend(&self) -> (bool, Vec<u64>) {
        let mut after = Aftermaths::new();
        let mut state = self.lock();
        self.poll(&mut state, usize::MAX, &mut after);
        let left = state.table.parked() > 0;
        let orphans = state.table.take_orphans();
        drop(state);
        after.into_iter().for_each(Aftermath::run);
        (left, orphans)
    }

    fn record(&self, state: &mut Guard<'_>, outcome: Outcome, now: Option<Instant>) -> Aftermath {
        let after = state.table.collect(outcome, now);
        self.collected.fetch_add(1, Ordering::AcqRel);
        after
    }

    /// Asks the backend for the result of `id` until it is there or the time is up.
    /// Only the collector calls this.
    fn ask(&self, id: u64, until: Option<Instant>) -> Option<Outcome> {
        let table = &self.core.api.table;
        // On the thread that runs host functions nothing before them is left to wait
        // for, and libveo's own wait may need that very thread.
        let inside = self.runs_host_function();
        let mut word = 0;
        match (table.veo_call_wait_result, until) {
            (Some(wait), None) if !inside => {
                // SAFETY: the context is valid: it is closed only by someone who is
                // the collector in our place; `word` is valid for writing.
                let state = unsafe { wait(self.handle, id, &raw mut word) };
                return Some(outcome(state, word));
            }
            (_, Some(until)) if !inside => {
                if let Some(wait) = table.veo_emu_wait_result_timeout {
                    let left = until.saturating_duration_since(Instant::now());
                    let left = u64::try_from(left.as_nanos()).unwrap_or(u64::MAX);
                    // SAFETY: as above.
                    let state = unsafe { wait(self.handle, id, &raw mut word, left) };
                    return finished(state, word);
                }
            }
            _ => {}
        }
        let mut pause = Pause::default();
        loop {
            if let Some(outcome) = self.peek_backend(id) {
                return Some(outcome);
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                return None;
            }
            pause.wait();
        }
    }

    fn peek_backend(&self, id: u64) -> Option<Outcome> {
        let Some(peek) = self.core.api.table.veo_call_peek_result else {
            return Some(outcome(-1, 0));
        };
        let mut word = 0;
        // SAFETY: the context is valid: the caller holds the lock of a context that is
        // not closed, or is its collector; `word` is valid for writing.
        let state = unsafe { peek(self.handle, id, &raw mut word) };
        finished(state, word)
    }

    /// The handle of a request is gone.
    pub(crate) fn release(&self, ticket: Ticket) {
        if self.core.image.is_foreign() {
            return;
        }
        let mut state = self.lock();
        let first = state.table.parked() == 0;
        let after = state.table.release(ticket);
        let tend = first && state.table.parked() > 0 || state.table.has_orphans();
        drop(state);
        after.run();
        if tend {
            self.core.keeper.tend();
        }
    }

    /// As [`exclusive`](Self::exclusive), but `None` if it would have to wait.
    pub(crate) fn try_exclusive(&self) -> Option<Exclusive<'_>> {
        let mut state = self.lock();
        if state.collecting || state.phase == Phase::Closed || self.core.is_gone() {
            return None;
        }
        state.collecting = true;
        Some(Exclusive {
            ctx: self,
            args: None,
        })
    }

    /// Takes the collector's place to use the backend in another way, and keeps it
    /// until the guard is dropped.
    pub(crate) fn exclusive(&self, what: &dyn std::fmt::Display) -> Result<Exclusive<'_>> {
        self.core.check(what)?;
        self.check_not_before(u64::MAX, || what.to_string())?;
        let mut state = self.lock();
        while state.collecting && state.phase != Phase::Closed {
            state = self.sleep(state, None);
        }
        if state.phase == Phase::Closed {
            drop(state);
            return Err(self.core.gone(what));
        }
        state.collecting = true;
        let args = state.args.pop();
        Ok(Exclusive { ctx: self, args })
    }

    /// Waits for the collector's place until `until` and keeps it for good: afterwards
    /// nobody uses the backend's handle.
    pub(crate) fn retire(&self, until: Instant) -> Retired {
        let mut state = self.lock();
        if state.retired {
            return Retired::Before;
        }
        state.phase = Phase::Closed;
        while state.collecting {
            if Instant::now() >= until {
                return Retired::Not;
            }
            state = self.sleep(state, Some(until));
            if state.retired {
                return Retired::Before;
            }
        }
        state.collecting = true;
        state.retired = true;
        self.wake(&state);
        Retired::Now
    }

    /// Whether requests are taken.
    pub(crate) fn is_open(&self) -> bool {
        self.lock().phase == Phase::Open
    }

    /// Stops taking requests. Tells whether they were taken until now.
    pub(crate) fn close_down(&self) -> bool {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return false;
        }
        state.phase = Phase::Closing;
        self.wake(&state);
        true
    }

    /// The process was destroyed: pending requests end as lost. With `leak`, for the
    /// case that the VE side may still touch what they have, that is leaked, and who
    /// lent memory waits for ever rather than see it change.
    ///
    /// What is left to do is given back: it may wait for another context, which has to
    /// lose its requests first.
    pub(crate) fn lose_all(&self, leak: bool) -> Aftermaths {
        let mut after = Aftermaths::new();
        let mut state = self.lock();
        state.phase = Phase::Closed;
        if leak {
            if state.table.borrows() {
                return after;
            }
            state.table.leak();
        }
        while state.table.pending() > 0 {
            let lost = Outcome {
                state: CommandState::Lost,
                word: 0,
            };
            after.push(self.record(&mut state, lost, Some(Instant::now())));
        }
        state.args.clear();
        self.changed.notify_all();
        after
    }

    /// Has `waker` woken when the request was collected, unless it is already.
    pub(crate) fn wake_when_done(
        self: &Arc<Self>,
        ticket: Ticket,
        waker: std::task::Waker,
    ) -> Result<()> {
        let mut state = self.lock();
        if state.table.is_done(ticket) {
            drop(state);
            waker.wake();
            return Ok(());
        }
        let old = state.table.set_waker(ticket, waker);
        let start = !state.driver;
        state.driver = true;
        self.wake(&state);
        drop(state);
        let mut started = Ok(());
        if start {
            let ctx = Arc::clone(self);
            let thread = std::thread::Builder::new()
                .name("veo-future".into())
                .spawn(move || ctx.drive());
            if let Err(error) = thread {
                self.lock().driver = false;
                started = Err(Error::System {
                    what: "cannot start the thread that completes VE futures".into(),
                    reason: error.to_string(),
                });
            }
        }
        // The user's own code, which may panic.
        contain(move || drop(old));
        started
    }

    /// Collects while tasks wait; ends after a while without any.
    fn drive(&self) {
        const IDLE: Duration = Duration::from_secs(2);
        // Long enough not to matter, short enough for a closing process.
        const SLICE: Duration = Duration::from_millis(100);
        let mut state = self.lock();
        let mut idle_since = Instant::now();
        loop {
            if state.table.wakers() > 0 {
                state = self.advance(state, None, Some(Instant::now() + SLICE));
                idle_since = Instant::now();
            } else if state.phase == Phase::Closed || idle_since.elapsed() >= IDLE {
                state.driver = false;
                return;
            } else {
                state = self.sleep(state, Some(idle_since + IDLE));
            }
        }
    }

    pub(crate) fn describe(&self, ticket: Ticket) -> String {
        self.lock()
            .table
            .what(ticket)
            .map_or_else(|| "the request".into(), |what| what.to_string())
    }

    fn check_not_foreign(&self) -> Result<()> {
        if self.core.image.is_foreign() {
            // No lock here: another thread of the parent may have held it.
            return Err(Error::Forked {
                what: "waiting for a request".into(),
            });
        }
        Ok(())
    }

    /// Whether this thread runs a host function of this context.
    fn runs_host_function(&self) -> bool {
        host_function::current().is_some_and(|(ctx, _)| ctx == self.id)
    }

    /// Whether waiting for request `number` is possible on this thread: it is not if
    /// the thread runs a host function that the request is queued behind.
    pub(crate) fn check_not_before(
        &self,
        number: u64,
        what: impl FnOnce() -> String,
    ) -> Result<()> {
        match host_function::current() {
            Some((ctx, current)) if ctx == self.id && number >= current => {
                Err(Error::WouldDeadlock { what: what() })
            }
            _ => Ok(()),
        }
    }
}

fn outcome(state: i32, word: u64) -> Outcome {
    let state = match u32::try_from(state) {
        Ok(ffi::VEO_COMMAND_OK) => CommandState::Ok,
        Ok(ffi::VEO_COMMAND_EXCEPTION) => CommandState::Exception,
        _ => CommandState::Error,
    };
    Outcome { state, word }
}

fn finished(state: i32, word: u64) -> Option<Outcome> {
    (state != ffi::VEO_COMMAND_UNFINISHED as i32).then(|| outcome(state, word))
}

/// What came of [`CtxShared::retire`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retired {
    /// The caller has the handle for itself.
    Now,
    /// Somebody else has.
    Before,
    /// The time was up.
    Not,
}

/// What a submission may use while it holds the lock.
pub(crate) struct Submission<'a> {
    ctx: &'a CtxShared,
    /// The number the request gets.
    pub(crate) number: u64,
    args: &'a mut Vec<ArgsHandle>,
}

impl Submission<'_> {
    pub(crate) fn handle(&self) -> *mut veo_thr_ctxt {
        self.ctx.handle
    }

    /// Runs `f` with an argument object, which is kept for the next call.
    pub(crate) fn with_args<R>(
        &mut self,
        f: impl FnOnce(&mut ArgsHandle, *mut veo_thr_ctxt) -> Result<R>,
    ) -> Result<R> {
        let mut args = match self.args.pop() {
            Some(args) => args,
            None => ArgsHandle::new(self.ctx.core.api)?,
        };
        let result = f(&mut args, self.ctx.handle);
        self.args.push(args);
        result
    }
}

/// The collector's place, taken for something else.
pub(crate) struct Exclusive<'a> {
    ctx: &'a CtxShared,
    args: Option<ArgsHandle>,
}

impl Exclusive<'_> {
    /// An argument object.
    pub(crate) fn args(&mut self) -> Result<&mut ArgsHandle> {
        match &mut self.args {
            Some(args) => Ok(args),
            none => Ok(none.insert(ArgsHandle::new(self.ctx.core.api)?)),
        }
    }
}

impl Drop for Exclusive<'_> {
    fn drop(&mut self) {
        let mut state = self.ctx.lock();
        state.collecting = false;
        state.args.extend(self.args.take());
        self.ctx.wake(&state);
    }
}

/// Waits a little longer each time, for backends that can only be polled.
#[derive(Default)]
struct Pause(u32);

impl Pause {
    fn wait(&mut self) {
        if self.0 < 200 {
            std::hint::spin_loop();
        } else {
            let micros = (u64::from(self.0 - 199) * 10).min(500);
            std::thread::sleep(Duration::from_micros(micros));
        }
        self.0 += 1;
    }
}

impl CtxShared {
    /// What the backend says of the context: see [`ContextState`](super::ContextState).
    pub(crate) fn backend_state(&self) -> Result<i32> {
        let get = need!(
            self.core.api,
            veo_get_context_state,
            "the state of a context"
        )?;
        let state = self.lock();
        if state.phase == Phase::Closed {
            return Ok(ffi::VEO_STATE_EXIT as i32);
        }
        // SAFETY: the lock is held and the context is not closed, so the handle is valid.
        Ok(unsafe { get(self.handle) })
    }
}
