//! The observers of a process's requests. Each request that has ended makes one record, which every
//! observer of its process gets.
//!
//! [`Observers::is_on`] is the one place where it is asked whether anybody looks: where a request
//! is collected, and where its submission would otherwise not look at the clock. If nobody does,
//! nothing else happens. [`HeldObservers::tell`] is the one place where records are handed out.
//!
//! To join: implement [`RequestObserver`] and give it to [`ProcCore::observe`](super::ProcCore::observe),
//! as `process/thread.rs` does for those that are there from the start. Observers are called
//! without the lock of a context, and not in the order of the requests where several threads
//! collect.
//!
//! A context keeps the records of its last requests until it waits for the VE the next time: then
//! observers cost nothing that the program would notice. Code that needs all records that exist
//! calls [`ProcCore::gather_records`](super::ProcCore::gather_records).

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, Weak};

use super::outcome::CommandState;
use super::request_kind::{RequestKind, RequestName};
use crate::clock::{RunTimes, system_time};
use crate::error::Fault;
use crate::warning::contain;

/// A request that has ended.
#[derive(Clone, Debug)]
pub(crate) struct RequestRecord {
    /// Numbers what is recorded for the life of the program, from 1.
    pub(crate) id: u64,
    /// The number of its context, unique in the program.
    pub(crate) context: u64,
    /// Its number in the context, as `VeoRequest::id` has it. `None`: it was not queued, its
    /// caller waited for it.
    pub(crate) number: Option<u64>,
    pub(crate) kind: RequestKind,
    pub(crate) state: CommandState,
    pub(crate) times: RequestTimes,
}

/// When what happened to a request, in nanoseconds of `CLOCK_MONOTONIC`. Each is at least as late
/// as the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestTimes {
    /// The program submitted it.
    pub(crate) queued: u64,
    /// It began to run.
    pub(crate) started: u64,
    /// It ended.
    pub(crate) ended: u64,
    /// The host saw its end.
    pub(crate) collected: u64,
    /// Whether `started` or `ended` are not known: then it started when it was queued or the one
    /// before it had ended, and ended when it was collected.
    pub(crate) estimated: bool,
}

impl RequestTimes {
    /// The times of a request that ran as `run` says, in a context in which the one before it ended at
    /// `before`.
    pub(crate) fn new(queued: u64, run: RunTimes, before: u64, collected: u64) -> RequestTimes {
        let queued = queued.min(collected);
        // The clocks of two processors may differ by a few nanoseconds.
        let started = run.started.unwrap_or(before).clamp(queued, collected);
        let ended = run.ended.unwrap_or(collected).clamp(started, collected);
        RequestTimes {
            queued,
            started,
            ended,
            collected,
            estimated: run.started.is_none() || run.ended.is_none(),
        }
    }
}

/// Records of requests that have ended.
pub(crate) type RequestRecords = Vec<RequestRecord>;

/// Numbers for so many records, one after another. Gives the first.
pub(crate) fn reserve_record_ids(count: usize) -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(count as u64, Ordering::Relaxed)
}

/// Somebody who looks at the requests of a process.
pub(crate) trait RequestObserver: Send + Sync {
    /// Requests have ended.
    fn requests(&self, records: &[RequestRecord]);

    /// The bytes of VE memory that are allocated from this time on.
    fn memory(&self, _time: u64, _bytes: u64) {}

    /// One thread alone submitted to a context from one time to another.
    fn block(&self, _context: u64, _begin: u64, _end: u64) {}

    /// The process has ended, by a fault or in order. This comes once.
    fn ended(&self, _fault: Option<&Fault>) {}
}

/// Somebody who keeps records for a while.
pub(crate) trait RecordKeeper: Send + Sync {
    /// Tells the observers of all that it keeps.
    fn tell_kept(&self);
}

/// The target of the events that `tracing` gets of requests, at the level TRACE.
const TARGET: &str = "veo::request";

/// Whether a subscriber of `tracing` may want an event of each request. It is asked about this
/// target when there is one: its filter is code of the user, and locks are held here.
#[inline(always)]
fn is_traced() -> bool {
    tracing::Level::TRACE <= tracing::level_filters::LevelFilter::current()
}

/// Makes an event of a record, for subscribers that want it.
fn trace(record: &RequestRecord) {
    if !tracing::enabled!(target: TARGET, tracing::Level::TRACE) {
        return;
    }
    let RequestRecord { kind, times, .. } = record;
    let name = match record.number {
        Some(number) => RequestName::new(Some(kind), number, record.context),
        None => RequestName::waited(kind, record.context),
    };
    tracing::trace!(
        target: TARGET,
        context = record.context,
        request = record.number,
        kernel = kind.kernel(),
        bytes = kind.bytes(),
        state = ?record.state,
        queued_ns = times.started - times.queued,
        running_ns = times.ended - times.started,
        estimated = times.estimated,
        "{name}"
    );
}

/// The observers of a process.
#[derive(Default)]
pub(crate) struct Observers {
    any: AtomicBool,
    /// Whether they know that the process has ended.
    ended: AtomicBool,
    list: RwLock<Vec<Arc<dyn RequestObserver>>>,
    keepers: Mutex<Vec<Weak<dyn RecordKeeper>>>,
}

impl Observers {
    /// Whether anybody looks.
    #[inline(always)]
    pub(crate) fn is_on(&self) -> bool {
        self.any.load(Ordering::Relaxed) || is_traced()
    }

    /// Whether somebody wants each record at once.
    #[inline]
    pub(crate) fn is_urgent(&self) -> bool {
        is_traced()
    }

    /// Somebody begins to keep records.
    pub(crate) fn add_keeper(&self, keeper: Weak<dyn RecordKeeper>) {
        let mut keepers = self.keepers.lock().unwrap_or_else(PoisonError::into_inner);
        keepers.retain(|keeper| keeper.strong_count() > 0);
        keepers.push(keeper);
    }

    /// Has observers told of all that is kept. The caller must not hold the lock of a context.
    pub(super) fn gather(&self) {
        let keepers: Vec<_> = {
            let keepers = self.keepers.lock().unwrap_or_else(PoisonError::into_inner);
            keepers.iter().filter_map(Weak::upgrade).collect()
        };
        keepers.iter().for_each(|keeper| keeper.tell_kept());
    }

    /// Tells an observer of everything from now on. `first` runs before, if it is the only one.
    pub(super) fn join(&self, observer: Arc<dyn RequestObserver>, first: impl FnOnce()) {
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        if list.is_empty() {
            first();
        }
        list.push(observer);
        self.any.store(true, Ordering::Relaxed);
    }

    /// Keeps the observers that there are. A thread does so while it takes records out of a context, so that no observer leaves
    /// before it gets them. The caller may hold the lock of the context here, but not in [`HeldObservers::tell`].
    pub(crate) fn hold(&self) -> HeldObservers<'_> {
        HeldObservers(self.list.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hands out records. The caller must hold no lock, and must not be the collector of a context: a
    /// subscriber of `tracing` is code of the user, which may wait for anything. Its panic ends here.
    #[cold]
    pub(crate) fn tell(&self, records: &[RequestRecord]) {
        self.tell_held(self.hold(), records);
    }

    /// Hands out records as [`tell`](Self::tell) does, to the observers that were held when they were taken.
    #[cold]
    pub(crate) fn tell_held(&self, held: HeldObservers<'_>, records: &[RequestRecord]) {
        held.tell(records);
        if is_traced() {
            records.iter().for_each(|record| contain(|| trace(record)));
        }
    }

    /// Tells an observer nothing any more. `last` runs if nobody is left.
    pub(super) fn leave(&self, observer: &Arc<dyn RequestObserver>, last: impl FnOnce()) {
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        list.retain(|other| !Arc::ptr_eq(other, observer));
        self.any.store(!list.is_empty(), Ordering::Relaxed);
        if list.is_empty() {
            last();
        }
    }

    /// Tells each observer something.
    fn each(&self, tell: impl Fn(&dyn RequestObserver)) {
        self.hold().each(tell);
    }

    /// Tells the observers how many bytes of VE memory are allocated now.
    pub(crate) fn tell_memory(&self, bytes: u64) {
        if self.is_on() {
            let now = system_time();
            self.each(|observer| observer.memory(now, bytes));
        }
    }

    /// One thread alone submitted to a context since `begin`.
    pub(crate) fn tell_block(&self, context: u64, begin: u64) {
        if self.is_on() {
            let now = system_time();
            self.each(|observer| observer.block(context, begin, now));
        }
    }

    /// The process has ended, as it is known now.
    pub(crate) fn tell_end(&self, fault: Option<&Fault>) {
        if self.is_on() && !self.ended.swap(true, Ordering::Relaxed) {
            self.each(|observer| observer.ended(fault));
        }
    }

    /// Begins an operation for which its caller waits, before it waits for its turn.
    #[inline]
    pub(crate) fn begin(&self, kind: impl FnOnce() -> RequestKind) -> Waited<'_> {
        if !self.is_on() {
            return Waited(None);
        }
        let queued = system_time();
        Waited(Some(WaitedOperation {
            observers: self,
            kind: kind(),
            queued,
            run: RunTimes::default(),
        }))
    }
}

/// The observers of a process, none of which leaves as long as this is there.
pub(crate) struct HeldObservers<'a>(RwLockReadGuard<'a, Vec<Arc<dyn RequestObserver>>>);

impl HeldObservers<'_> {
    /// Hands out records where a subscriber may not run. They make no events: while they were collected, most likely no subscriber
    /// wanted any.
    pub(crate) fn tell(self, records: &[RequestRecord]) {
        self.each(|observer| observer.requests(records));
    }

    /// Tells each observer something. A panic ends here: what collects must go on, since memory is used
    /// until then.
    fn each(&self, tell: impl Fn(&dyn RequestObserver)) {
        self.0
            .iter()
            .for_each(|observer| contain(|| tell(&**observer)));
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Observers({})", self.is_on())
    }
}

/// An operation for which its caller waits. If it is dropped, it was not made, and nobody hears
/// of it.
pub(crate) struct Waited<'a>(Option<WaitedOperation<'a>>);

struct WaitedOperation<'a> {
    observers: &'a Observers,
    kind: RequestKind,
    queued: u64,
    run: RunTimes,
}

impl Waited<'_> {
    /// It begins now, on this thread.
    #[inline]
    pub(crate) fn started(&mut self) {
        if let Some(operation) = &mut self.0 {
            operation.run.started = Some(system_time());
        }
    }

    /// It has ended, in this context.
    #[inline]
    pub(crate) fn ended(self, context: u64, state: CommandState) {
        if let Some(operation) = self.0 {
            operation.ended(context, state);
        }
    }
}

impl WaitedOperation<'_> {
    #[cold]
    fn ended(self, context: u64, state: CommandState) {
        let WaitedOperation {
            observers,
            kind,
            queued,
            mut run,
        } = self;
        let now = system_time();
        // A start is known only if this thread did the work; it has just ended then.
        run.ended = run.started.map(|_| now);
        let record = RequestRecord {
            id: reserve_record_ids(1),
            context,
            number: None,
            kind,
            state,
            times: RequestTimes::new(queued, run, queued, now),
        };
        observers.tell(std::slice::from_ref(&record));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_order_whatever_the_backend_says() {
        let run = |started, ended| RunTimes { started, ended };
        let all = |times: RequestTimes| [times.queued, times.started, times.ended, times.collected];
        let known = RequestTimes::new(10, run(Some(12), Some(15)), 0, 20);
        assert_eq!((all(known), known.estimated), ([10, 12, 15, 20], false));
        let unknown = RequestTimes::new(10, run(None, None), 14, 20);
        assert_eq!((all(unknown), unknown.estimated), ([10, 14, 20, 20], true));
        let first = RequestTimes::new(10, run(None, None), 3, 20);
        assert_eq!(all(first), [10, 10, 20, 20]);
        // A kernel that crashed has a start alone.
        let crashed = RequestTimes::new(10, run(Some(12), None), 3, 20);
        assert_eq!((all(crashed), crashed.estimated), ([10, 12, 20, 20], true));
        for started in [0, 9, 15, 21, u64::MAX] {
            for ended in [0, 9, 15, 21, u64::MAX] {
                let times = all(RequestTimes::new(
                    10,
                    run(Some(started), Some(ended)),
                    0,
                    20,
                ));
                assert!(times.is_sorted(), "{times:?}");
                assert_eq!((times[0], times[3]), (10, 20));
            }
        }
        assert!(all(RequestTimes::new(30, run(None, None), 0, 20)).is_sorted());
    }
}
