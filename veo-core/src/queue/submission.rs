//! Requests on their way into a context, the requests that they wait for, and blocks of them.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use veo_abi::ffi::{self, veo_thr_ctxt};

use super::args::ArgsHandle;
use super::entry::{DeferredWork, Payload, Ticket};
use super::shared::{CtxShared, DeferredWorks, Phase, Predecessor, StateGuard};
use super::user_code::may_hold_up_unloading;
use crate::address::Usage;
use crate::arg::Args;
use crate::clock::{Stamp, system_time};
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::races::{RequestKey, Touches};
use crate::session::{LibraryCode, NamedFunction, RequestKind};

impl CtxShared {
    /// Hands a request to the backend by `send`, which gives its id, and enters it
    /// with `payload`, everything the backend may touch for it.
    #[inline]
    pub(crate) fn submit_by(
        &self,
        kind: RequestKind,
        payload: Payload,
        uses: &[&'static Usage],
        send: impl FnOnce(&mut Submission<'_>) -> Result<u64>,
    ) -> Result<Ticket> {
        let mut state = self.lock_to_submit(&kind).map_err(|error| *error)?;
        // The VE may have done it before this thread runs on.
        let now = Stamp::now();
        let mut submission = Submission {
            ctx: self,
            number: state.table.next(),
            args: &mut state.args,
            code: Vec::new(),
        };
        let id = send(&mut submission);
        let (code, number) = (submission.code, submission.number);
        if let Some(races) = &self.core.races
            && !matches!(id, Ok(id) if id != ffi::VEO_REQUEST_ID_INVALID)
        {
            races.forget(self.id, RequestKey::Queued(number));
        }
        let id = id?;
        if id == ffi::VEO_REQUEST_ID_INVALID {
            drop(state);
            return Err(self.core.refused(&kind));
        }
        let payload = match payload {
            Payload::None if self.core.races.is_some() => Payload::Noted,
            payload => payload,
        };
        let ticket = self.enter(&mut state, id, kind, payload, uses, now);
        if !code.is_empty() {
            state.table.note_code(ticket, code);
        }
        self.collect_parked(state);
        Ok(ticket)
    }

    /// Submits a call of which `args` are words and nothing else, where the
    /// backend takes all words at once. It fills no argument object, which would take half as
    /// long as the whole call. `None`: the call has to be made in the other way. `now` is
    /// asked for the moment of the submission.
    #[inline]
    pub(crate) fn submit_words(
        &self,
        now: impl FnOnce() -> Stamp,
        callee: &PlainCallee<'_>,
        args: &Args<'_, '_>,
        result: u32,
    ) -> Result<Option<Ticket>, Box<Error>> {
        let Some(call) = self.core.api.table.veo_emu_call_async else {
            return Ok(None);
        };
        if !args.are_plain() {
            return Ok(None);
        }
        let (words, classes) = args.words.packed();
        let (words, classes, count) = (words.as_ptr(), classes.as_ptr(), words.len());
        let kind = callee.kind();
        let mut state = self.lock_to_submit(&kind)?;
        // Asked with the context locked, see `LibraryCode`.
        let Some(addr) = callee.addr() else {
            return Ok(None);
        };
        let now = now();
        // SAFETY: the lock is held and the context open, so it is valid; there are `count`
        // words, and the classes of as many.
        let id = unsafe { call(self.handle.raw(), addr, words, classes, count, result) };
        if id == ffi::VEO_REQUEST_ID_INVALID {
            drop(state);
            return Err(Box::new(self.core.refused(&kind)));
        }
        let ticket = self.enter(&mut state, id, kind, Payload::None, &args.uses, now);
        self.collect_parked(state);
        Ok(Some(ticket))
    }

    /// Locks the context for a request, which it takes.
    #[inline(always)]
    fn lock_to_submit(&self, kind: &RequestKind) -> Result<StateGuard<'_>, Box<Error>> {
        self.core.check(kind)?;
        let mut state = self.lock();
        if state.block.is_some() || !state.held_back.is_empty() {
            state = self.wait_for_turn(state, kind)?;
        }
        if state.phase != Phase::Open {
            return Err(Box::new(self.core.context_closed(kind)));
        }
        state.table.reserve();
        Ok(state)
    }

    /// Enters a request that the backend took.
    #[inline(always)]
    fn enter(
        &self,
        state: &mut StateGuard<'_>,
        id: u64,
        kind: RequestKind,
        payload: Payload,
        uses: &[&'static Usage],
        now: Stamp,
    ) -> Ticket {
        for usage in uses {
            usage.note(self.id, state.table.next());
        }
        state.table.insert(id, kind, payload, now)
    }

    /// Makes the call and waits for its result word. Nobody can ask when it was submitted, so
    /// that costs no look at the clock, unless somebody looks at all requests.
    pub(crate) fn call_words(
        &self,
        callee: &PlainCallee<'_>,
        args: &Args<'_, '_>,
        result: u32,
    ) -> Option<Result<u64>> {
        if self.is_around_this() {
            return None;
        }
        let stamp = || self.submission_stamp();
        let ticket = match self.submit_words(stamp, callee, args, result) {
            Ok(ticket) => ticket?,
            Err(error) => return Some(Err(*error)),
        };
        if let Some(word) = self.wait_for_word(ticket) {
            return Some(Ok(word));
        }
        let word = self.wait(ticket, None).and_then(|finished| {
            finished.map_or_else(
                || {
                    Err(Box::new(Error::Unfinished {
                        what: self.describe(ticket),
                        waited: Duration::MAX,
                    }))
                },
                |finished| finished.word,
            )
        });
        Some(word.map_err(|error| *error))
    }

    /// The moment of a submission that nobody can ask for its time, if anybody looks.
    #[inline]
    fn submission_stamp(&self) -> Stamp {
        if self.core.observers.is_on() {
            Stamp::now()
        } else {
            Stamp::default()
        }
    }

    /// Collects requests that nobody waits for on the way.
    #[inline(always)]
    fn collect_parked(&self, state: StateGuard<'_>) {
        if state.table.parked() > 0 {
            self.collect_some(state);
        }
    }

    #[cold]
    fn collect_some(&self, mut state: StateGuard<'_>) {
        let mut after = DeferredWorks::new();
        self.poll(&mut state, 2, &mut after);
        drop(state);
        after.into_iter().for_each(DeferredWork::run);
    }

    /// Waits for the requests that this context comes after, and for the end of a request block of another
    /// thread, until neither is left.
    #[cold]
    fn wait_for_turn<'a>(
        &'a self,
        mut state: StateGuard<'a>,
        what: &dyn Display,
    ) -> Result<StateGuard<'a>, Box<Error>> {
        loop {
            state = self.wait_for_earlier(state, what)?;
            state = self.wait_for_block(state, what)?;
            if state.held_back.is_empty() {
                return Ok(state);
            }
        }
    }

    /// Has the next submission wait for the end of `earlier`.
    pub(crate) fn hold_back(&self, earlier: Predecessor) {
        let mut state = self.lock();
        state.held_back.retain(|other| other.pending().is_some());
        state.held_back.push(earlier);
    }

    /// Waits for all that the next submission comes after. An error: one of them has ended the process.
    #[cold]
    fn wait_for_earlier<'a>(
        &'a self,
        mut state: StateGuard<'a>,
        what: &dyn Display,
    ) -> Result<StateGuard<'a>, Box<Error>> {
        while let Some(earlier) = state.held_back.last().cloned() {
            drop(state);
            if let Some(ctx) = earlier.ctx.upgrade() {
                ctx.check_not_before(earlier.ticket.number, || what.to_string())?;
                earlier.wait();
                // This remembers what ended the process.
                let failed = ctx.verdict(earlier.ticket);
                if failed.is_some_and(|error| error.is_process_gone()) || self.core.look_for_end() {
                    return Err(Box::new(self.core.gone(what)));
                }
            }
            state = self.lock();
            state.held_back.retain(|other| other.pending().is_some());
            if self.core.is_closed() {
                state.held_back.clear();
            }
        }
        Ok(state)
    }

    /// Waits for the end of a request block of another thread, if there is one.
    fn wait_for_block<'a>(
        &'a self,
        mut state: StateGuard<'a>,
        what: &dyn Display,
    ) -> Result<StateGuard<'a>> {
        // Nobody reports the death of the process, and the thread in the block may not notice it.
        const LOOK: Duration = Duration::from_millis(20);
        if self.runs_host_function() {
            // The block may be waiting for this very function.
            return Ok(state);
        }
        let me = std::thread::current().id();
        let is_blocked = |state: &StateGuard<'_>| {
            state.phase == Phase::Open && state.block.is_some_and(|(owner, _)| owner != me)
        };
        if is_blocked(&state) {
            drop(state);
            self.check_not_before(u64::MAX, || what.to_string())?;
            state = self.lock();
        }
        while is_blocked(&state) {
            if self.has_exited(&state) {
                drop(state);
                // Finds out why.
                self.core.look_for_end();
                return Err(self.core.gone(what));
            }
            drop(self.sleep(state, Some(Instant::now() + LOOK)));
            // The backend may tell this only when it is asked for results.
            if self.core.look_for_end() {
                return Err(self.core.gone(what));
            }
            state = self.lock();
        }
        Ok(state)
    }

    /// Keeps other threads from submitting until as many calls of `end_block`.
    pub(crate) fn begin_block(&self) -> Result<()> {
        const WHAT: &str = "a request block";
        self.core.check(WHAT)?;
        let mut state = self.wait_for_block(self.lock(), &WHAT)?;
        if state.phase != Phase::Open {
            return Err(self.core.context_closed(&WHAT));
        }
        let me = std::thread::current().id();
        // A host function joins the block of another thread.
        let (owner, depth) = state.block.unwrap_or((me, 0));
        state.block = Some((owner, depth + 1));
        if depth == 0 {
            state.block_begin = if self.core.observers.is_on() {
                system_time()
            } else {
                0
            };
        }
        Ok(())
    }

    pub(crate) fn end_block(&self) {
        let mut state = self.lock();
        state.block = match state.block {
            Some((owner, depth)) if depth > 1 => Some((owner, depth - 1)),
            _ => None,
        };
        let begin = match state.block {
            None => std::mem::take(&mut state.block_begin),
            Some(_) => 0,
        };
        self.wake(&state);
        drop(state);
        if begin != 0 {
            self.core.observers.tell_block(self.id, begin);
        }
    }
}

impl Predecessor {
    /// Waits for its end, or for that of the process.
    pub(crate) fn wait(&self) {
        // A process that is closed may never tell of the end.
        const LOOK: Duration = Duration::from_millis(100);
        let Some(ctx) = self.pending() else { return };
        let mut state = ctx.lock();
        while !ctx.finished(self.ticket.number) && !ctx.core.is_closed() {
            state = ctx.advance(state, Some(Instant::now() + LOOK));
        }
    }
}

/// The function that a call of words alone is of.
pub(crate) enum PlainCallee<'a> {
    /// A declared kernel, and the place of its address, which is 0 while that is not known or its library
    /// is being unloaded.
    Kernel(&'static Kernel, &'a AtomicU64),
    /// A function of the process, and its address.
    Function(&'a Arc<NamedFunction>, u64),
}

impl PlainCallee<'_> {
    #[inline(always)]
    fn kind(&self) -> RequestKind {
        match self {
            PlainCallee::Kernel(kernel, _) => RequestKind::Kernel(kernel),
            PlainCallee::Function(function, _) => RequestKind::Function(Arc::clone(function)),
        }
    }

    /// Its address, if it can be called now.
    #[inline(always)]
    fn addr(&self) -> Option<u64> {
        match self {
            PlainCallee::Kernel(_, addr) => {
                Some(addr.load(Ordering::Acquire)).filter(|addr| *addr != 0)
            }
            PlainCallee::Function(function, addr) => function
                .code
                .is_there(may_hold_up_unloading())
                .then_some(*addr),
        }
    }
}

/// The data that a submission may use while it holds the lock.
pub(crate) struct Submission<'a> {
    ctx: &'a CtxShared,
    /// The number the request gets.
    pub(crate) number: u64,
    args: &'a mut Vec<ArgsHandle>,
    code: Vec<Arc<LibraryCode>>,
}

impl Submission<'_> {
    pub(crate) fn handle(&self) -> *mut veo_thr_ctxt {
        self.ctx.handle.raw()
    }

    /// Notes that the request may call the library, which has to be there.
    pub(crate) fn calls(&mut self, code: &Arc<LibraryCode>) -> Result<()> {
        code.check(may_hold_up_unloading())?;
        self.code.push(Arc::clone(code));
        Ok(())
    }

    /// Holds what the request uses against requests of other contexts.
    pub(crate) fn touches(&self, what: &dyn Display, touches: &Touches) -> Result<()> {
        match &self.ctx.core.races {
            Some(races) => races.enter(self.ctx.id, RequestKey::Queued(self.number), what, touches),
            None => Ok(()),
        }
    }

    /// Runs `f` with an argument object, which is kept for the next call.
    #[inline]
    pub(crate) fn with_args<R>(
        &mut self,
        f: impl FnOnce(&mut ArgsHandle, *mut veo_thr_ctxt) -> Result<R>,
    ) -> Result<R> {
        if self.args.is_empty() {
            self.args.push(ArgsHandle::new(self.ctx.core.api)?);
        }
        // The lock is held, so nobody else uses it meanwhile.
        f(&mut self.args[0], self.ctx.handle.raw())
    }
}
