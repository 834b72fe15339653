//! Results on their way out of a context: waiting, looking, collecting in order.

use std::time::Instant;

use super::aftermath::Aftermath;
use super::entry::{Collected, Ticket};
use super::payload::Payload;
use super::shared::{Aftermaths, CtxShared, Guard, Phase};
use crate::clock::Stamp;
use crate::error::{Error, Result};
use crate::session::{CommandState, Outcome};

/// A request that has finished, as its handle gets it.
pub(crate) struct Finished {
    /// The result word, or why there is none.
    pub(crate) word: Result<u64, Box<Error>>,
    pub(crate) payload: Payload,
    pub(crate) submitted: Stamp,
    /// When its end was seen, unless by whoever waits for it, who knows by himself.
    pub(crate) seen: Option<Stamp>,
}

impl CtxShared {
    /// Waits until the request was collected and takes its result; `None` when the
    /// time is up before.
    pub(crate) fn wait(&self, ticket: Ticket, until: Option<Instant>) -> Result<Option<Finished>> {
        self.check_not_foreign()?;
        self.check_not_before(ticket.number, || self.describe(ticket))?;
        let mut state = self.lock();
        let mut looked = None;
        loop {
            if state.table.is_done(ticket) {
                return match self.take(state, ticket) {
                    Some(finished) => Ok(Some(finished)),
                    None => Err(Error::AlreadyCollected {
                        what: "the request".into(),
                    }),
                };
            }
            if self.is_over(until, &mut looked) {
                return Ok(None);
            }
            state = self.advance(state, Some(ticket), until);
        }
    }

    /// Whether this thread can be the collector.
    #[inline]
    fn is_free(&self, state: &Guard<'_>) -> bool {
        !state.collecting && state.phase != Phase::Closed
    }

    /// Records an outcome for request `id` of the backend, with the collector's place
    /// given up.
    pub(super) fn collected_from<'a>(
        &'a self,
        mut state: Guard<'a>,
        id: u64,
        outcome: Outcome,
        now: Option<Stamp>,
    ) -> Guard<'a> {
        // When the process was destroyed meanwhile, its requests were lost.
        let after = match state.table.oldest() {
            Some(oldest) if oldest == id => self.record(&mut state, outcome, now),
            _ => Aftermath::default(),
        };
        self.wake(&state);
        if after.is_empty() {
            return state;
        }
        drop(state);
        after.run();
        self.lock()
    }

    /// The result if it is there, without waiting for the VE.
    pub(crate) fn peek(&self, ticket: Ticket) -> Result<Option<Finished>> {
        self.check_not_foreign()?;
        let mut after = Aftermaths::new();
        let mut state = self.lock();
        if !state.table.is_done(ticket) {
            self.poll(&mut state, usize::MAX, &mut after);
        }
        let finished = self.take(state, ticket);
        after.into_iter().for_each(Aftermath::run);
        Ok(finished)
    }

    /// Takes the result of a request that was collected.
    fn take(&self, mut state: Guard<'_>, ticket: Ticket) -> Option<Finished> {
        let collected = state.table.take(ticket);
        drop(state);
        let Collected {
            outcome,
            payload,
            what,
            id,
            submitted,
            finished,
        } = collected?;
        let word = match outcome.state {
            CommandState::Ok => Ok(outcome.word),
            _ => Err(Box::new(self.core.failure(&what, Some(id), outcome))),
        };
        Some(Finished {
            word,
            payload,
            submitted,
            seen: finished,
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
        let what = state.table.what(ticket)?;
        drop(state);
        (outcome.state != CommandState::Ok).then(|| self.core.failure(&what, None, outcome))
    }

    /// Waits until every request with a number below `number` was collected.
    pub(crate) fn drain(&self, number: u64, until: Option<Instant>) -> bool {
        let mut state = self.lock();
        let mut looked = None;
        while !self.finished_below(number) {
            if self.is_over(until, &mut looked) {
                return false;
            }
            state = self.advance(state, None, until);
        }
        true
    }

    /// Whether to give up: the time is over, and the last look, noted in `looked`, has
    /// collected nothing. However little time there was, what has finished is seen.
    fn is_over(&self, until: Option<Instant>, looked: &mut Option<u64>) -> bool {
        let collected = Some(self.collected());
        let nothing_new = std::mem::replace(looked, collected) == collected;
        nothing_new && until.is_some_and(|until| Instant::now() >= until)
    }

    fn finished_below(&self, number: u64) -> bool {
        self.collected() >= number
    }

    /// Collects one request, or sleeps until something changes. May return early. `own`
    /// is what the caller waits for, who needs not be told when he had it.
    pub(super) fn advance<'a>(
        &'a self,
        mut state: Guard<'a>,
        own: Option<Ticket>,
        until: Option<Instant>,
    ) -> Guard<'a> {
        if !self.is_free(&state) {
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
        let now = (!own).then(Stamp::now);
        let mut state = self.lock();
        state.collecting = false;
        match outcome {
            Some(outcome) => self.collected_from(state, id, outcome, now),
            None => {
                self.wake(&state);
                state
            }
        }
    }

    /// Collects what is there without waiting, at most `limit` requests. Does nothing
    /// while another thread collects.
    pub(super) fn poll(&self, state: &mut Guard<'_>, limit: usize, after: &mut Aftermaths) {
        if !self.is_free(state) {
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
            let left = self.record(state, outcome, Some(Stamp::now()));
            // Of a million requests that were dropped there is nothing left.
            if !left.is_empty() {
                after.push(left);
            }
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

    #[inline]
    pub(super) fn record(
        &self,
        state: &mut Guard<'_>,
        outcome: Outcome,
        now: Option<Stamp>,
    ) -> Aftermath {
        let after = state.table.collect(outcome, now);
        self.count_collected(state);
        after
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
}
