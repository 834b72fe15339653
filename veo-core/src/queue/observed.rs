//! Requests on their way out of a context while somebody looks: their records, with the times
//! that the backend has of them. Without observers nothing here runs.

use std::sync::Arc;

use smallvec::SmallVec;
use veo_abi::ffi::{self, veo_emu_result};

use super::collection::outcome;
use super::entry::{Aftermath, Ticket};
use super::shared::{Aftermaths, CtxShared, StateGuard};
use crate::clock::{Moment, RunTimes, Stamp};
use crate::session::{CommandOutcome, CommandState, RequestRecord, RequestTimes, next_record};

impl CtxShared {
    /// The moment of a submission that nobody can ask for its time, if anybody looks.
    #[inline]
    pub(super) fn submission_stamp(&self) -> Stamp {
        if self.core.observers.is_on() {
            Stamp::now()
        } else {
            Stamp::default()
        }
    }

    /// The second half of `collect_oldest`: records how these requests of the backend ended, the
    /// oldest there are, and gives what came of `own`. The caller is the collector.
    #[cold]
    #[inline(never)]
    pub(super) fn record_observed<'a>(
        &'a self,
        own: Option<Ticket>,
        ids: &[u64],
        results: &[veo_emu_result],
    ) -> (StateGuard<'a>, Option<(u64, Stamp)>) {
        let now = Moment::now();
        // Mostly one, for which little is cleared.
        let mut runs = SmallVec::<[RunTimes; 4]>::from_elem(RunTimes::default(), results.len());
        self.run_times(&ids[..results.len()], &mut runs);
        let mut state = self.lock();
        state.collecting = false;
        let mut records = SmallVec::<[RequestRecord; 1]>::new();
        let (mut after, mut finished) = (Aftermaths::new(), None);
        let mut own = own;
        for ((id, result), run) in ids.iter().zip(results).zip(runs) {
            // When the process was destroyed meanwhile, its requests were lost.
            if state.table.oldest() != Some(*id) {
                break;
            }
            records.extend(self.record_of(&mut state, outcome(result).state, run, now));
            // The first may be the caller's own.
            if let Some(own) = own.take()
                && result.state == ffi::VEO_COMMAND_OK as i32
                && let Some(submitted) = state.table.finish(own)
            {
                self.count_collected(&mut state);
                finished = Some((result.value, submitted));
                continue;
            }
            after.extend(self.record(&mut state, outcome(result), now.stamp));
        }
        self.wake(&state);
        drop(state);
        for record in &records {
            self.core.observers.tell(record);
        }
        after.into_iter().for_each(Aftermath::run);
        (self.lock(), finished)
    }

    /// Has observers told, when the lock is released, how the oldest request ended, which is
    /// about to be recorded. `asks`: the backend knows when it ran.
    #[inline]
    pub(super) fn observe_oldest(
        &self,
        state: &mut StateGuard<'_>,
        outcome: CommandOutcome,
        asks: bool,
    ) -> Option<Aftermath> {
        if !self.core.observers.is_on() {
            return None;
        }
        let mut run = [RunTimes::default()];
        if let Some(id) = state.table.oldest().filter(|_| asks) {
            self.run_times(&[id], &mut run);
        }
        let record = self.record_of(state, outcome.state, run[0], Moment::now())?;
        Some(Aftermath::told(Arc::clone(&self.core), record))
    }

    /// The record of the oldest request, which has just been collected. `None`: nobody looked when
    /// it was submitted.
    fn record_of(
        &self,
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
            context: self.id,
            number: Some(number),
            kind,
            state: ended,
            times,
        })
    }

    /// When these requests of the backend ran, which have just ended. The context is not closed,
    /// and its lock is held or the caller is its collector.
    fn run_times(&self, ids: &[u64], runs: &mut [RunTimes]) {
        // SAFETY: as the caller sees to, the context is valid.
        unsafe { self.core.extension.run_times(self.handle, ids, runs) };
    }
}
