//! Results on their way out of a context: waiting, looking, collecting in order, for
//! threads and for tasks.

use std::mem::MaybeUninit;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use veo_abi::ffi::{self, veo_emu_result};

use super::entry::{DeferredWork, Payload, Ticket};
use super::handle::MOST;
use super::shared::{CtxShared, DeferredWorks, Phase, StateGuard};
use crate::clock::Stamp;
use crate::error::{Error, Result};
use crate::session::{CommandOutcome, CommandState, RecordKeeper, RequestRecords};
use crate::warning::contain;

/// A request that has finished, as its handle gets it.
pub(crate) struct Finished {
    /// The result word, or why there is none.
    pub(crate) word: Result<u64, Box<Error>>,
    pub(crate) payload: Payload,
    pub(crate) submitted: Stamp,
    /// When its end was seen. `None`: just now, by the thread that waits, which can take the time
    /// itself.
    pub(crate) seen: Option<Stamp>,
}

impl CtxShared {
    /// Waits until the request was collected and takes its result; `None` when the
    /// time is up before.
    pub(crate) fn wait(
        &self,
        ticket: Ticket,
        until: Option<Instant>,
    ) -> Result<Option<Finished>, Box<Error>> {
        self.check_not_foreign()?;
        self.check_not_before(ticket.number, || self.describe(ticket))?;
        let mut state = self.lock();
        let mut looked = None;
        while !state.table.is_done(ticket) {
            if until.is_some() && self.is_over(until, &mut looked) {
                return Ok(None);
            }
            let own;
            (state, own) = self.collect_oldest(state, Some(ticket), until);
            if let Some((word, submitted)) = own {
                return Ok(Some(Finished {
                    word: Ok(word),
                    payload: Payload::None,
                    submitted,
                    seen: None,
                }));
            }
        }
        match self.take(state, ticket) {
            Some(finished) => {
                self.note_end(ticket.number + 1);
                Ok(Some(finished))
            }
            None => Err(Box::new(Error::AlreadyCollected {
                what: "the request".into(),
            })),
        }
    }

    /// The result word of a request that owns nothing and succeeds, for a thread that waits for
    /// it. `None`: [`wait`](Self::wait) has to be asked. This is the fast path of most waits: a
    /// word comes in a register, where `wait` makes a [`Finished`]. That saves 170 of 1,500
    /// instructions of a call that is waited for.
    #[inline]
    pub(crate) fn wait_for_word(&self, ticket: Ticket) -> Option<u64> {
        if self.core.image.is_foreign() || self.is_around_this() {
            return None;
        }
        let mut state = self.lock();
        if let Some(word) = state.table.take_word(ticket) {
            return Some(word);
        }
        if !self.is_free(&state) || !state.table.is_oldest(ticket) {
            return None;
        }
        let (_state, own) = self.collect_oldest(state, Some(ticket), None);
        own.map(|(word, _)| word)
    }

    /// Whether this thread can be the collector.
    #[inline]
    fn is_free(&self, state: &StateGuard<'_>) -> bool {
        !state.collecting && state.phase != Phase::Closed
    }

    /// The result if it is there, without waiting for the VE.
    pub(crate) fn peek(&self, ticket: Ticket) -> Result<Option<Finished>> {
        self.check_not_foreign()?;
        let mut after = DeferredWorks::new();
        let mut state = self.lock();
        if !state.table.is_done(ticket) {
            self.poll(&mut state, usize::MAX, &mut after);
        }
        let finished = self.take(state, ticket);
        if finished.is_some() {
            self.note_end(ticket.number + 1);
        }
        after.into_iter().for_each(DeferredWork::run);
        Ok(finished)
    }

    /// Takes the result of a request that was collected.
    fn take(&self, mut state: StateGuard<'_>, ticket: Ticket) -> Option<Finished> {
        let outcome = state.table.outcome(ticket)?;
        let failed = match outcome.state {
            CommandState::Ok => None,
            _ => Some((
                state.table.kind(ticket)?,
                state.table.id(ticket),
                state.table.reason(ticket),
            )),
        };
        let collected = state.table.take(ticket)?;
        drop(state);
        Some(Finished {
            word: match failed {
                None => Ok(outcome.word),
                Some((kind, id, reason)) => {
                    Err(Box::new(self.core.failure(&kind, id, outcome, reason)))
                }
            },
            payload: collected.payload,
            submitted: collected.submitted,
            seen: Some(collected.seen),
        })
    }

    /// Takes the result of a request that was collected; the error if it failed.
    pub(crate) fn settle(&self, ticket: Ticket) -> Option<Error> {
        let finished = self.take(self.lock(), ticket)?;
        finished.word.err().map(|error| *error)
    }

    /// How a request that was collected ended, without taking its result.
    pub(crate) fn verdict(&self, ticket: Ticket) -> Option<Error> {
        let state = self.lock();
        let outcome = state.table.outcome(ticket)?;
        let kind = state.table.kind(ticket)?;
        let reason = state.table.reason(ticket);
        drop(state);
        let failed = outcome.state != CommandState::Ok;
        failed.then(|| self.core.failure(&kind, None, outcome, reason))
    }

    /// Waits until every request with a number below `number` was collected.
    pub(crate) fn drain(&self, number: u64, until: Option<Instant>) -> bool {
        let mut state = self.lock();
        let mut looked = None;
        while self.collected() < number {
            if self.is_over(until, &mut looked) {
                return false;
            }
            state = self.advance(state, until);
        }
        drop(state);
        self.note_end(number);
        true
    }

    /// Notes that the program knows of the end of the requests below `number`.
    fn note_end(&self, number: u64) {
        if let Some(races) = &self.core.races {
            races.ended(self.id, number);
        }
    }

    /// Whether to give up: the time is over, and the last look, noted in `looked`, has
    /// collected nothing. Finished requests are seen however little time there was.
    fn is_over(&self, until: Option<Instant>, looked: &mut Option<u64>) -> bool {
        let collected = Some(self.collected());
        let nothing_new = std::mem::replace(looked, collected) == collected;
        nothing_new && until.is_some_and(|until| Instant::now() >= until)
    }

    /// Collects the oldest request, with those behind it that have ended too, or sleeps until
    /// something changes. May return early.
    pub(super) fn advance<'a>(
        &'a self,
        state: StateGuard<'a>,
        until: Option<Instant>,
    ) -> StateGuard<'a> {
        self.collect_oldest(state, None, until).0
    }

    /// Does the same as [`advance`](Self::advance), for a caller that waits for `own`. Gives the result word of that request
    /// and when it was submitted, if it was the oldest one, owned nothing and has succeeded.
    #[inline(always)]
    fn collect_oldest<'a>(
        &'a self,
        mut state: StateGuard<'a>,
        own: Option<Ticket>,
        until: Option<Instant>,
    ) -> (StateGuard<'a>, Option<(u64, Stamp)>) {
        if !self.is_free(&state) {
            return (self.sleep(state, until), None);
        }
        let (mut one, mut many);
        let ids: &mut [u64] = match state.table.pending() {
            // Nobody has anything to wait for here.
            0 => return (state, None),
            1 => {
                one = [0];
                &mut one
            }
            _ => {
                many = [0; MOST];
                &mut many
            }
        };
        let count = state.table.oldest_ids(ids);
        let ids = &ids[..count];
        state.collecting = true;
        if state.observed.is_empty() {
            drop(state);
        } else {
            // The VE has something to do meanwhile.
            self.tell_observed(state, true);
        }
        let mut results = [const { MaybeUninit::uninit() }; MOST];
        // On the thread that runs host functions nothing before them is left to wait
        // for, and libveo's own wait may need that very thread.
        let polls = self.runs_host_function();
        // SAFETY: the context is valid, and only the collector asks and closes it, which is this
        // thread.
        let results = unsafe { self.handle.results(ids, &mut results, until, polls) };
        if self.core.observers.is_on() {
            return self.record_observed(own, ids, results);
        }
        let mut state = self.lock();
        state.collecting = false;
        let mut finished = None;
        if let (Some(own), Some(result)) = (own, results.first())
            && result.state == ffi::VEO_COMMAND_OK as i32
        {
            finished = state.table.finish(own).map(|submitted| {
                self.count_collected(&mut state);
                (result.value, submitted)
            });
        }
        let taken = usize::from(finished.is_some());
        if results.len() > taken {
            state = self.record_all(state, &ids[taken..], &results[taken..]);
        } else {
            self.wake(&state);
        }
        (state, finished)
    }

    /// The second half of `collect_oldest`: records how these requests of the backend ended, the
    /// oldest there are, and gives what came of `own`. The caller is the collector.
    #[cold]
    #[inline(never)]
    pub(super) fn record_observed<'a>(
        &'a self,
        mut own: Option<Ticket>,
        ids: &[u64],
        results: &[veo_emu_result],
    ) -> (StateGuard<'a>, Option<(u64, Stamp)>) {
        let now = Stamp::now();
        let mut state = self.lock();
        let (mut after, mut finished) = (DeferredWorks::new(), None);
        for (id, result) in ids.iter().zip(results) {
            // When the process was destroyed meanwhile, its requests were lost.
            if state.table.oldest() != Some(*id) {
                break;
            }
            self.note_oldest(&mut state, outcome(result).state, now);
            // The first may be the caller's own.
            if let Some(own) = own.take()
                && result.state == ffi::VEO_COMMAND_OK as i32
                && let Some(submitted) = state.table.finish(own)
            {
                self.count_collected(&mut state);
                finished = Some((result.value, submitted));
                continue;
            }
            after.extend(self.record(&mut state, outcome(result), now));
        }
        // The backend of a closed context cannot be asked any more.
        let tells = state.observed.is_full()
            || self.core.observers.is_urgent()
            || state.phase != Phase::Open
            || results
                .iter()
                .any(|result| outcome(result).state != CommandState::Ok);
        if !tells && after.is_empty() {
            state.collecting = false;
            self.wake(&state);
            return (state, finished);
        }
        let observers = &self.core.observers;
        let taken = tells.then(|| (observers.hold(), self.take_records(&mut state, true)));
        state.collecting = false;
        self.wake(&state);
        drop(state);
        let records = taken.map_or_else(RequestRecords::new, |(held, records)| {
            observers.tell_held(held, &records);
            records
        });
        after.into_iter().for_each(DeferredWork::run);
        let mut state = self.lock();
        state.observed.reuse(records);
        (state, finished)
    }

    /// Notes how the oldest request has ended, which is about to be recorded, if anybody looks.
    #[inline]
    fn note_oldest(&self, state: &mut StateGuard<'_>, ended: CommandState, collected: Stamp) {
        if self.core.observers.is_on() {
            let state = &mut **state;
            state.observed.note(&state.table, self.id, ended, collected);
        }
    }

    /// The records of all that is kept, of which observers are to be told when the lock is
    /// released. `asks`: the context is not closed, or the caller is its collector, so that the
    /// backend can be asked when they ran.
    #[cold]
    fn take_records(&self, state: &mut StateGuard<'_>, asks: bool) -> RequestRecords {
        state.observed.take(|ids, runs| {
            if asks {
                // SAFETY: as the caller sees to, the context is valid: its lock is held, or this
                // thread is the collector, without whom nobody closes it.
                unsafe { self.core.extension.run_times(self.handle.raw(), ids, runs) };
            }
        })
    }

    /// Tells observers of the kept records, also as the collector. `asks` as for
    /// [`take_records`](Self::take_records).
    #[cold]
    #[inline(never)]
    fn tell_observed(&self, mut state: StateGuard<'_>, asks: bool) {
        let observers = self.core.observers.hold();
        let records = self.take_records(&mut state, asks);
        drop(state);
        observers.tell(&records);
        self.lock().observed.reuse(records);
    }

    /// Locks the context, which is about to be closed. Observers were told of it while the backend
    /// could still be asked.
    pub(super) fn close_to_observers(&self) -> StateGuard<'_> {
        let mut state = self.lock();
        if state.phase == Phase::Closed || state.observed.is_empty() {
            return state;
        }
        state.phase = Phase::Closed;
        let observers = self.core.observers.hold();
        let records = self.take_records(&mut state, true);
        drop(state);
        // Here, too, nobody may wait for the context.
        observers.tell(&records);
        self.lock()
    }

    /// Records how these requests of the backend ended, the oldest there are.
    fn record_all<'a>(
        &'a self,
        mut state: StateGuard<'a>,
        ids: &[u64],
        results: &[veo_emu_result],
    ) -> StateGuard<'a> {
        let now = Stamp::now();
        let mut after = DeferredWorks::new();
        for (id, result) in ids.iter().zip(results) {
            // When the process was destroyed meanwhile, its requests were lost.
            if state.table.oldest() != Some(*id) {
                break;
            }
            after.extend(self.record(&mut state, outcome(result), now));
        }
        self.wake(&state);
        if after.is_empty() {
            return state;
        }
        drop(state);
        after.into_iter().for_each(DeferredWork::run);
        self.lock()
    }

    /// Collects what is there without waiting, at most `limit` requests. Does nothing
    /// while another thread collects.
    pub(super) fn poll(&self, state: &mut StateGuard<'_>, limit: usize, after: &mut DeferredWorks) {
        if !self.is_free(state) {
            return;
        }
        let mut any = false;
        for _ in 0..limit {
            let Some(id) = state.table.oldest() else {
                break;
            };
            // SAFETY: the context is not closed, there is no other collector, and none can come
            // while the lock is held.
            let Some(result) = (unsafe { self.handle.peek(id) }) else {
                break;
            };
            any = true;
            let now = Stamp::now();
            self.note_oldest(state, outcome(&result).state, now);
            after.extend(self.record(state, outcome(&result), now));
        }
        if any {
            self.wake(state);
            after.extend(self.told_later(state, true));
        }
    }

    /// Has observers told of the kept records when the lock is released.
    fn told_later(&self, state: &mut StateGuard<'_>, asks: bool) -> Option<DeferredWork> {
        if state.observed.is_empty() {
            return None;
        }
        let records = self.take_records(state, asks);
        Some(DeferredWork::told(Arc::clone(&self.core), records))
    }

    /// Collects what is there without waiting, for nobody in particular. Tells whether
    /// requests without a handle are left, and the memory that they left behind.
    pub(crate) fn tend(&self) -> (bool, Vec<u64>) {
        let mut after = DeferredWorks::new();
        let mut state = self.lock();
        self.poll(&mut state, usize::MAX, &mut after);
        let left = state.table.parked() > 0;
        let orphans = state.table.take_orphans();
        drop(state);
        after.into_iter().for_each(DeferredWork::run);
        (left, orphans)
    }

    /// The process was destroyed: pending requests end as lost. `leak` is for the case that
    /// the VE side may still touch what they have. Then that is leaked, and a thread that
    /// lent memory waits for ever rather than see it change.
    ///
    /// The remaining work is given back: it may wait for another context, which has to lose its requests first.
    pub(crate) fn lose_all(&self, leak: bool) -> DeferredWorks {
        let mut after = DeferredWorks::new();
        let mut state = self.close_to_observers();
        state.phase = Phase::Closed;
        if leak {
            if state.table.borrows() {
                return after;
            }
            state.table.leak();
        }
        while state.table.pending() > 0 {
            let lost = CommandOutcome {
                state: CommandState::Lost,
                word: 0,
            };
            let now = Stamp::now();
            self.note_oldest(&mut state, lost.state, now);
            after.extend(self.record(&mut state, lost, now));
        }
        after.extend(self.told_later(&mut state, false));
        state.args.clear();
        self.wake_all();
        after
    }

    #[inline]
    pub(super) fn record(
        &self,
        state: &mut StateGuard<'_>,
        outcome: CommandOutcome,
        now: Stamp,
    ) -> Option<DeferredWork> {
        if matches!(outcome.state, CommandState::Exception | CommandState::Error) {
            self.note_reason(state);
        }
        let mut after = state.table.collect(outcome, now);
        self.count_collected(state);
        if let Some(failed) = after.as_mut().and_then(|after| after.failed.as_mut()) {
            failed.belongs_to(&self.core, self.id);
        }
        after
    }

    /// Keeps what the backend has just told this thread of the oldest request, which has failed. Another thread may ask for the
    /// error, and the backend has told that one of something else.
    #[cold]
    fn note_reason(&self, state: &mut StateGuard<'_>) {
        if let Some(reason) = self.core.api.last_error() {
            state.table.note_reason(reason);
        }
    }

    /// Writes errors to the log that nobody has collected so far: the context or its process is about to end.
    pub(crate) fn log_failures(&self) {
        let failures = self.lock().table.take_failures();
        for mut failure in failures {
            failure.belongs_to(&self.core, self.id);
            failure.log();
        }
    }

    /// The handle of a request is gone.
    pub(crate) fn release(&self, ticket: Ticket) {
        if self.core.image.is_foreign() {
            return;
        }
        let mut state = self.lock();
        let first = state.table.parked() == 0;
        let mut after = state.table.release(ticket);
        if let Some(failed) = &mut after.failed {
            failed.belongs_to(&self.core, self.id);
        }
        let tend = first && state.table.parked() > 0 || state.table.has_orphans();
        drop(state);
        after.run();
        if tend {
            self.core.proc_thread.tend();
        }
    }

    /// Has `waker` woken when the request was collected, unless it is already.
    pub(crate) fn wake_when_done(self: &Arc<Self>, ticket: Ticket, waker: Waker) -> Result<()> {
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
                state = self.advance(state, Some(Instant::now() + SLICE));
                idle_since = Instant::now();
            } else if state.phase == Phase::Closed || idle_since.elapsed() >= IDLE {
                state.driver = false;
                return;
            } else {
                state = self.sleep(state, Some(idle_since + IDLE));
            }
        }
    }
}

impl RecordKeeper for CtxShared {
    fn tell_kept(&self) {
        let state = self.lock();
        if !state.observed.is_empty() {
            let asks = state.phase != Phase::Closed;
            self.tell_observed(state, asks);
        }
    }
}

fn outcome(result: &veo_emu_result) -> CommandOutcome {
    let state = match u32::try_from(result.state) {
        Ok(ffi::VEO_COMMAND_OK) => CommandState::Ok,
        Ok(ffi::VEO_COMMAND_EXCEPTION) => CommandState::Exception,
        _ => CommandState::Error,
    };
    CommandOutcome {
        state,
        word: result.value,
    }
}
