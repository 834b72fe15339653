//! Requests on their way out of a context while somebody looks. Without observers nothing here
//! runs.
//!
//! To make a record and to tell observers of it takes a hundred nanoseconds and more. So when a
//! request is collected only what would be lost is noted. The rest is done while the VE has the
//! next request and the thread that collects would wait. Where none comes, observers ask.

use smallvec::SmallVec;

use super::table::RequestTable;
use crate::clock::{Moment, RunTimes, Stamp};
use crate::session::{
    CommandState, RequestKind, RequestRecord, RequestRecords, RequestTimes, next_record,
};

/// Requests that were collected and of which observers have not been told, the oldest first.
#[derive(Default)]
pub(super) struct ObservedRequests {
    kept: Vec<ObservedRequest>,
    /// When the last request ended that observers were told of, in nanoseconds of
    /// `CLOCK_MONOTONIC`.
    last_end: u64,
}

struct ObservedRequest {
    number: u64,
    /// The backend's number.
    id: u64,
    kind: RequestKind,
    state: CommandState,
    submitted: Stamp,
    collected: Stamp,
}

/// So many are kept.
const MOST: usize = 32;

impl ObservedRequests {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether there are so many that observers are to be told of them now.
    pub(super) fn is_full(&self) -> bool {
        self.kept.len() >= MOST
    }

    /// Notes how the oldest request of the table has ended, which is about to be recorded there.
    #[inline]
    pub(super) fn note(&mut self, table: &RequestTable, state: CommandState, collected: Stamp) {
        let Some((number, id, kind, submitted)) = table.oldest_request() else {
            return;
        };
        // Nobody looked when it was submitted.
        if submitted == Stamp::default() {
            return;
        }
        self.kept.push(ObservedRequest {
            number,
            id,
            kind: kind.clone(),
            state,
            submitted,
            collected,
        });
    }

    /// The records of all that is kept, of a context of this number. `run_times` asks the backend
    /// when requests of these numbers ran.
    pub(super) fn take(
        &mut self,
        context: u64,
        run_times: impl FnOnce(&[u64], &mut [RunTimes]),
    ) -> RequestRecords {
        let ids: SmallVec<[u64; 4]> = self.kept.iter().map(|request| request.id).collect();
        let mut runs = SmallVec::<[RunTimes; 4]>::from_elem(RunTimes::default(), ids.len());
        run_times(&ids, &mut runs);
        let now = Moment::now();
        let last_end = &mut self.last_end;
        let records = self.kept.drain(..).zip(runs).map(|(request, run)| {
            let [queued, collected] =
                [request.submitted, request.collected].map(|stamp| now.time_of(stamp));
            let times = RequestTimes::new(queued, run, *last_end, collected);
            *last_end = times.ended;
            RequestRecord {
                id: next_record(),
                context,
                number: Some(request.number),
                kind: request.kind,
                state: request.state,
                times,
            }
        });
        records.collect()
    }
}
