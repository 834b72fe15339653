//! The collector's place, taken for something else than collecting: synchronous
//! calls, and the end of a context.

use std::fmt;
use std::time::Instant;

use super::args::ArgsHandle;
use super::shared::{Aftermaths, CtxShared, Phase};
use crate::clock::Stamp;
use crate::error::Result;
use crate::races::{Entered, Touches};
use crate::session::{CommandOutcome, CommandState};

impl CtxShared {
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
    pub(crate) fn exclusive(&self, what: &dyn fmt::Display) -> Result<Exclusive<'_>> {
        let taken = self.exclusive_until(what, None)?;
        taken.ok_or_else(|| self.core.gone(what))
    }

    /// As [`exclusive`](Self::exclusive), but `None` when the time is up.
    pub(crate) fn exclusive_until(
        &self,
        what: &dyn fmt::Display,
        until: Option<Instant>,
    ) -> Result<Option<Exclusive<'_>>> {
        self.core.check(what)?;
        self.check_not_before(u64::MAX, || what.to_string())?;
        let mut state = self.lock();
        while state.collecting && state.phase != Phase::Closed {
            if until.is_some_and(|until| Instant::now() >= until) {
                return Ok(None);
            }
            state = self.sleep(state, until);
        }
        if state.phase == Phase::Closed {
            drop(state);
            return Err(self.core.gone(what));
        }
        state.collecting = true;
        let args = state.args.pop();
        Ok(Some(Exclusive { ctx: self, args }))
    }

    /// Waits for the collector's place until `until` and keeps it for good: afterwards
    /// nobody uses the backend's handle.
    pub(crate) fn retire(&self, until: Instant) -> Retirement {
        let mut state = self.lock();
        if state.retired {
            return Retirement::Before;
        }
        state.phase = Phase::Closed;
        while state.collecting {
            if Instant::now() >= until {
                return Retirement::Not;
            }
            state = self.sleep(state, Some(until));
            if state.retired {
                return Retirement::Before;
            }
        }
        state.collecting = true;
        state.retired = true;
        self.wake(&state);
        Retirement::Now
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
            let lost = CommandOutcome {
                state: CommandState::Lost,
                word: 0,
            };
            after.extend(self.observe_oldest(&mut state, lost, false));
            after.extend(self.record(&mut state, lost, Stamp::now()));
        }
        state.args.clear();
        self.wake_all();
        after
    }
}

/// What came of [`CtxShared::retire`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retirement {
    /// The caller has the handle for itself.
    Now,
    /// Somebody else has.
    Before,
    /// The time was up.
    Not,
}

/// The collector's place, taken for something else.
pub(crate) struct Exclusive<'a> {
    ctx: &'a CtxShared,
    args: Option<ArgsHandle>,
}

impl<'a> Exclusive<'a> {
    /// Holds what the operation uses against requests of other contexts, until the guard is
    /// dropped, after the operation.
    pub(crate) fn touches(
        &self,
        what: &dyn fmt::Display,
        touches: Option<&Touches>,
    ) -> Result<Option<Entered<'a>>> {
        let ctx: &'a CtxShared = self.ctx;
        let Some((races, touches)) = ctx.core.races.as_ref().zip(touches) else {
            return Ok(None);
        };
        let before = ctx.lock().table.next();
        let entered = races.enter_waited(ctx.id, before, what, touches)?;
        Ok(Some(entered))
    }

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
