//! Requests on their way out of a context while somebody looks. Without observers nothing here
//! runs.
//!
//! Making a record and telling observers of it takes a hundred nanoseconds and more. So collecting
//! a request notes only the facts that would be lost. The rest is done while the VE has the next
//! request and the thread that collects would wait. Where none comes, observers ask.

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

/// The largest number that is kept.
const MOST: usize = 32;

/// The number of requests for which the backend is asked at once.
const AT_ONCE: usize = 8;

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
        run_times: impl Fn(&[u64], &mut [RunTimes]),
    ) -> RequestRecords {
        let now = Moment::now();
        let mut records = RequestRecords::with_capacity(self.kept.len());
        for kept in self.kept.chunks(AT_ONCE) {
            let (mut ids, mut runs) = ([0; AT_ONCE], [RunTimes::default(); AT_ONCE]);
            for (id, request) in ids.iter_mut().zip(kept) {
                *id = request.id;
            }
            run_times(&ids[..kept.len()], &mut runs[..kept.len()]);
            for (request, run) in kept.iter().zip(runs) {
                let queued = now.time_of(request.submitted);
                let collected = now.time_of(request.collected);
                let times = RequestTimes::new(queued, run, self.last_end, collected);
                self.last_end = times.ended;
                records.push(RequestRecord {
                    id: next_record(),
                    context,
                    number: Some(request.number),
                    kind: request.kind.clone(),
                    state: request.state,
                    times,
                });
            }
        }
        self.kept.clear();
        records
    }
}
