//! Requests on their way out of a context while somebody looks: their records, with the times
//! that the backend has of them. Without observers nothing here runs.

use std::sync::Arc;

use super::entry::DeferredWork;
use super::shared::{CtxShared, StateGuard};
use crate::clock::{Moment, RunTimes, Stamp};
use crate::session::{CommandOutcome, CommandState, RequestRecord, RequestTimes, next_record};

/// Has observers told, when the lock is released, how the oldest request ended, which is
/// about to be recorded. `asks`: the backend knows when it ran.
#[inline]
pub(super) fn observe_oldest(
    ctx: &CtxShared,
    state: &mut StateGuard<'_>,
    outcome: CommandOutcome,
    asks: bool,
) -> Option<DeferredWork> {
    if !ctx.core.observers.is_on() {
        return None;
    }
    let mut run = [RunTimes::default()];
    if let Some(id) = state.table.oldest().filter(|_| asks) {
        run_times(ctx, &[id], &mut run);
    }
    let record = record_of(ctx, state, outcome.state, run[0], Moment::now())?;
    Some(DeferredWork::told(Arc::clone(&ctx.core), record))
}

/// The record of the oldest request, which has just been collected. `None`: nobody looked when
/// it was submitted.
pub(super) fn record_of(
    ctx: &CtxShared,
    state: &mut StateGuard<'_>,
    ended: CommandState,
    run: RunTimes,
    now: Moment,
) -> Option<RequestRecord> {
    let (number, kind, submitted) = state.table.oldest_request()?;
    if submitted == Stamp::default() {
        return None;
    }
    let kind = kind.clone();
    let times = RequestTimes::new(now.time_of(submitted), run, state.last_end, now.time);
    state.last_end = times.ended;
    Some(RequestRecord {
        id: next_record(),
        context: ctx.id,
        number: Some(number),
        kind,
        state: ended,
        times,
    })
}

/// When these requests of the backend ran, which have just ended. The context is not closed,
/// and its lock is held or the caller is its collector.
pub(super) fn run_times(ctx: &CtxShared, ids: &[u64], runs: &mut [RunTimes]) {
    // SAFETY: as the caller sees to, the context is valid.
    unsafe { ctx.core.extension.run_times(ctx.handle.raw(), ids, runs) };
}
