//! Requests on their way out of a context while somebody looks. Without observers nothing here
//! runs.
//!
//! Making a record and telling observers of it takes a hundred nanoseconds and more. So collecting
//! a request notes only the facts that would be lost. The rest is done while the VE has the next
//! request and the thread that collects would wait. Where none comes, observers ask.

use veo_abi::ffi::veo_emu_times;

use super::table::RequestTable;
use crate::clock::{RunTimes, Stamp, StampClock};
use crate::session::{
    CommandState, RequestRecord, RequestRecords, RequestTimes, reserve_record_ids,
};

/// Requests that were collected and of which observers have not been told, the oldest first.
#[derive(Default)]
pub(super) struct ObservedRequests {
    /// Their records, made where they stay. They lack their numbers and times.
    records: RequestRecords,
    /// What their times are made of.
    kept: Vec<CollectedRequest>,
    clock: StampClock,
    /// When the last request ended that observers were told of, in nanoseconds of
    /// `CLOCK_MONOTONIC`.
    last_end: u64,
}

struct CollectedRequest {
    /// The backend's number.
    id: u64,
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

    /// Notes how the oldest request of the table has ended, which is about to be recorded there. The table is of
    /// the context of this number.
    #[inline]
    pub(super) fn note(
        &mut self,
        table: &RequestTable,
        context: u64,
        state: CommandState,
        collected: Stamp,
    ) {
        let Some((number, id, kind, submitted)) = table.oldest_request() else {
            return;
        };
        // Nobody looked when it was submitted.
        if submitted == Stamp::default() {
            return;
        }
        self.kept.push(CollectedRequest {
            id,
            submitted,
            collected,
        });
        self.records.push(RequestRecord {
            id: 0,
            context,
            number: Some(number),
            kind: kind.clone(),
            state,
            times: RequestTimes::default(),
        });
    }

    /// The records of all that is kept. `run_times` asks the backend when requests of these
    /// numbers ran.
    pub(super) fn take(
        &mut self,
        run_times: impl Fn(&[u64], &mut [veo_emu_times]),
    ) -> RequestRecords {
        const UNKNOWN: veo_emu_times = veo_emu_times {
            started: 0,
            ended: 0,
        };
        let mut id = reserve_record_ids(self.records.len());
        let chunks = self.kept.chunks(AT_ONCE);
        for (kept, records) in chunks.zip(self.records.chunks_mut(AT_ONCE)) {
            let (mut ids, mut runs) = ([0; AT_ONCE], [UNKNOWN; AT_ONCE]);
            for (id, request) in ids.iter_mut().zip(kept) {
                *id = request.id;
            }
            run_times(&ids[..kept.len()], &mut runs[..kept.len()]);
            for ((request, record), run) in kept.iter().zip(records).zip(runs) {
                let queued = self.clock.time_of(request.submitted);
                let collected = self.clock.time_of(request.collected);
                let run = RunTimes {
                    started: (run.started != 0).then_some(run.started),
                    ended: (run.ended != 0).then_some(run.ended),
                };
                record.times = RequestTimes::new(queued, run, self.last_end, collected);
                self.last_end = record.times.ended;
                record.id = id;
                id += 1;
            }
        }
        self.kept.clear();
        std::mem::take(&mut self.records)
    }

    /// Takes the room of records back that observers were told of.
    pub(super) fn reuse(&mut self, mut room: RequestRecords) {
        if self.records.capacity() == 0 {
            room.clear();
            self.records = room;
        }
    }
}
