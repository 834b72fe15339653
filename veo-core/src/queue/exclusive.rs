//! The collector's place, taken for something else than collecting: synchronous calls.

use std::fmt;
use std::time::Instant;

use super::args::ArgsHandle;
use super::shared::{CtxShared, Phase};
use crate::error::Result;
use crate::races::{Entered, Touches};

/// The collector's place, taken for something else.
pub(crate) struct Exclusive<'a> {
    ctx: &'a CtxShared,
    args: Option<ArgsHandle>,
}

impl<'a> Exclusive<'a> {
    /// Takes the collector's place to use the backend in another way, and keeps it
    /// until the guard is dropped.
    pub(crate) fn take(ctx: &'a CtxShared, what: &dyn fmt::Display) -> Result<Exclusive<'a>> {
        let taken = Exclusive::take_until(ctx, what, None)?;
        taken.ok_or_else(|| ctx.core.gone(what))
    }

    /// Does the same as [`take`](Self::take), but gives `None` when the time is up.
    pub(crate) fn take_until(
        ctx: &'a CtxShared,
        what: &dyn fmt::Display,
        until: Option<Instant>,
    ) -> Result<Option<Exclusive<'a>>> {
        ctx.core.check(what)?;
        ctx.check_not_before(u64::MAX, || what.to_string())?;
        let mut state = ctx.lock();
        while state.collecting && state.phase != Phase::Closed {
            if until.is_some_and(|until| Instant::now() >= until) {
                return Ok(None);
            }
            state = ctx.sleep(state, until);
        }
        if state.phase == Phase::Closed {
            drop(state);
            return Err(ctx.core.gone(what));
        }
        state.collecting = true;
        let args = state.args.pop();
        Ok(Some(Exclusive { ctx, args }))
    }

    /// Does the same as [`take`](Self::take), but gives `None` if it would have to wait.
    pub(crate) fn try_take(ctx: &'a CtxShared) -> Option<Exclusive<'a>> {
        let mut state = ctx.lock();
        if state.collecting || state.phase == Phase::Closed || ctx.core.is_gone() {
            return None;
        }
        state.collecting = true;
        Some(Exclusive { ctx, args: None })
    }

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
