//! The in-flight table of a context: every request that was submitted and not yet
//! done with, and everything the VE side may still touch on its behalf.
//!
//! ```text
//!             submitted                 collected (in order)
//!   (none) ------------> Pending ---------------------------> Done
//!                           |                                   |
//!                           | handle dropped                    | result taken, or
//!                           v                                   v handle dropped
//!                    Pending, parked ----- collected -----> (removed)
//! ```
//!
//! Results are collected in the order of submission, which is the order in which
//! they come. A forgotten handle leaves its entry here for ever; nothing is freed
//! early. No function here calls the backend.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;
use std::time::Instant;

use super::what::What;
use crate::memory::Staging;

/// What the VE side may touch for a request: kept until its result is collected.
#[derive(Default)]
pub(crate) enum Payload {
    /// Nothing.
    #[default]
    None,
    /// Where output on the kernel's stack is copied to.
    Staging(Staging),
    /// A host buffer of a transfer, a host function.
    Owned(Box<dyn Any + Send>),
    /// Memory of the program, which a scope keeps borrowed until the request was
    /// collected.
    Borrowed,
}

/// How a request ended: the command state and the result word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) state: State,
    pub(crate) word: u64,
}

/// Command states of libveo, and one for requests whose process was destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Ok,
    Exception,
    Error,
    Lost,
}

/// A request's place in the table, held by its handle. `number` tells a later
/// request in the same place apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    place: u32,
    pub(crate) number: u64,
}

/// What the table gives back for a collected request.
pub(crate) struct Collected {
    pub(crate) outcome: Outcome,
    pub(crate) payload: Payload,
    pub(crate) what: What,
    /// The backend's number for the request.
    pub(crate) id: u64,
    pub(crate) submitted: Instant,
    /// When it was collected, unless by whoever waits for it, who knows by himself.
    pub(crate) finished: Option<Instant>,
}

struct Entry {
    number: u64,
    /// The backend's number for the request.
    id: u64,
    what: What,
    /// Set when collected.
    outcome: Option<(Outcome, Option<Instant>)>,
    /// Whether a handle may still ask for the result.
    held: bool,
    payload: Payload,
    waker: Option<Waker>,
    submitted: Instant,
}

/// The requests of one context.
#[derive(Default)]
pub(crate) struct Table {
    places: Vec<Option<Entry>>,
    free: Vec<u32>,
    /// The pending requests in order: place and backend id.
    queue: VecDeque<u32>,
    next: u64,
    /// Pending requests without a handle.
    parked: usize,
    /// Pending requests that a task waits for.
    wakers: usize,
    /// Memory that was allocated for requests whose handles are gone.
    orphans: Vec<u64>,
}

impl Table {
    /// Makes room, so that the next `insert` cannot fail after a submission.
    pub(crate) fn reserve(&mut self) {
        if self.free.is_empty() {
            self.places.push(None);
            self.free.push((self.places.len() - 1) as u32);
        }
        self.queue.reserve(1);
    }

    /// The number the next request gets.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Enters a request that the backend took under `id`.
    pub(crate) fn insert(&mut self, id: u64, what: What, payload: Payload, now: Instant) -> Ticket {
        self.reserve();
        let number = self.next;
        self.next += 1;
        let place = self.free.pop().unwrap_or_default();
        self.places[place as usize] = Some(Entry {
            number,
            id,
            what,
            outcome: None,
            held: true,
            payload,
            waker: None,
            submitted: now,
        });
        self.queue.push_back(place);
        Ticket { place, number }
    }

    /// Whether this is the oldest pending request.
    pub(crate) fn is_oldest(&self, ticket: Ticket) -> bool {
        self.queue.front() == Some(&ticket.place) && self.find(ticket).is_some()
    }

    /// The backend's number of the oldest pending request.
    pub(crate) fn oldest(&self) -> Option<u64> {
        let place = *self.queue.front()?;
        self.entry(place).map(|entry| entry.id)
    }

    pub(crate) fn pending(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn parked(&self) -> usize {
        self.parked
    }

    pub(crate) fn wakers(&self) -> usize {
        self.wakers
    }

    /// Records how the oldest pending request ended. Gives the task to wake and,
    /// for a parked request, what is to be dropped: both without the lock.
    pub(crate) fn collect(&mut self, outcome: Outcome, now: Option<Instant>) -> Aftermath {
        let mut aftermath = Aftermath::default();
        let Some(place) = self.queue.pop_front() else {
            return aftermath;
        };
        let Some(entry) = self.places[place as usize].as_mut() else {
            return aftermath;
        };
        entry.outcome = Some((outcome, now));
        aftermath.waker = entry.waker.take();
        self.wakers -= usize::from(aftermath.waker.is_some());
        if !entry.held {
            self.parked -= 1;
            aftermath.dropped = self.discard(place);
        }
        aftermath
    }

    /// Whether the request was collected.
    pub(crate) fn is_done(&self, ticket: Ticket) -> bool {
        self.find(ticket)
            .is_none_or(|entry| entry.outcome.is_some())
    }

    /// Takes the result of a collected request out of the table.
    pub(crate) fn take(&mut self, ticket: Ticket) -> Option<Collected> {
        let (outcome, finished) = self.find(ticket)?.outcome?;
        let entry = self.remove(ticket.place)?;
        Some(Collected {
            outcome,
            payload: entry.payload,
            what: entry.what,
            id: entry.id,
            submitted: entry.submitted,
            finished,
        })
    }

    /// The handle is gone: a collected request is removed, a pending one parked.
    pub(crate) fn release(&mut self, ticket: Ticket) -> Aftermath {
        let mut aftermath = Aftermath::default();
        let Some(entry) = self.find_mut(ticket) else {
            return aftermath;
        };
        if entry.outcome.is_some() {
            aftermath.dropped = self.discard(ticket.place);
        } else if entry.held {
            entry.held = false;
            aftermath.unused = entry.waker.take();
            self.wakers -= usize::from(aftermath.unused.is_some());
            self.parked += 1;
        }
        aftermath
    }

    /// Has `waker` woken when the request is collected. Gives the one it replaces,
    /// to be dropped without the lock.
    pub(crate) fn set_waker(&mut self, ticket: Ticket, waker: Waker) -> Option<Waker> {
        let entry = self.find_mut(ticket)?;
        let old = entry.waker.replace(waker);
        self.wakers += usize::from(old.is_none());
        old
    }

    pub(crate) fn what(&self, ticket: Ticket) -> Option<What> {
        self.find(ticket).map(|entry| entry.what.clone())
    }

    pub(crate) fn times(&self, ticket: Ticket) -> Option<(Instant, Option<Instant>)> {
        let entry = self.find(ticket)?;
        Some((
            entry.submitted,
            entry.outcome.and_then(|(_, finished)| finished),
        ))
    }

    /// How a request ended, if its handle did not take that yet.
    pub(crate) fn outcome(&self, ticket: Ticket) -> Option<Outcome> {
        self.find(ticket)?.outcome.map(|(outcome, _)| outcome)
    }

    /// Whether pending requests access borrowed memory.
    pub(crate) fn borrows(&self) -> bool {
        let mut entries = self.places.iter().flatten();
        entries.any(|entry| entry.outcome.is_none() && matches!(entry.payload, Payload::Borrowed))
    }

    /// Leaks what pending requests own, because the VE side may still touch it.
    pub(crate) fn leak(&mut self) {
        for entry in self.places.iter_mut().flatten() {
            if entry.outcome.is_none() {
                std::mem::forget(std::mem::take(&mut entry.payload));
            }
        }
    }

    fn entry(&self, place: u32) -> Option<&Entry> {
        self.places.get(place as usize)?.as_ref()
    }

    fn find(&self, ticket: Ticket) -> Option<&Entry> {
        self.entry(ticket.place)
            .filter(|entry| entry.number == ticket.number)
    }

    fn find_mut(&mut self, ticket: Ticket) -> Option<&mut Entry> {
        self.places
            .get_mut(ticket.place as usize)?
            .as_mut()
            .filter(|entry| entry.number == ticket.number)
    }

    /// Memory that nobody will ever know of, to be freed.
    pub(crate) fn take_orphans(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.orphans)
    }

    pub(crate) fn has_orphans(&self) -> bool {
        !self.orphans.is_empty()
    }

    /// Removes a collected request whose result nobody asked for.
    fn discard(&mut self, place: u32) -> Option<Entry> {
        let entry = self.remove(place)?;
        if let (What::Alloc(_), Some((outcome, _))) = (&entry.what, entry.outcome)
            && outcome.state == State::Ok
            && outcome.word != 0
        {
            self.orphans.push(outcome.word);
        }
        Some(entry)
    }

    fn remove(&mut self, place: u32) -> Option<Entry> {
        let entry = self.places[place as usize].take();
        self.free.push(place);
        entry
    }
}

/// What is left to do when the lock is released, because it may run code of the user.
#[derive(Default)]
#[must_use = "wakes a task and drops what the user gave"]
pub(crate) struct Aftermath {
    waker: Option<Waker>,
    unused: Option<Waker>,
    dropped: Option<Entry>,
}

impl Aftermath {
    pub(crate) fn is_empty(&self) -> bool {
        self.waker.is_none() && self.unused.is_none() && self.dropped.is_none()
    }

    /// Wakes the task and drops the rest. Panics of either end here: whoever collects
    /// has nothing to do with them, and a scope must not be left early.
    pub(crate) fn run(self) {
        if self.is_empty() {
            return;
        }
        // Named one by one: a closure would take only the fields that it uses along.
        let Aftermath {
            waker,
            unused,
            dropped,
        } = self;
        if let Some(waker) = waker {
            contain(|| waker.wake());
        }
        contain(|| drop(unused));
        contain(|| drop(dropped));
    }
}

/// Runs code of the user whose panic concerns nobody here.
pub(crate) fn contain(code: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(code)) {
        // Dropping what was thrown could panic again.
        std::mem::forget(panic);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const OK: Outcome = Outcome {
        state: State::Ok,
        word: 5,
    };

    fn insert(table: &mut Table, id: u64, payload: Payload) -> Ticket {
        table.insert(id, What::HostFunction, payload, Instant::now())
    }

    #[test]
    fn results_come_in_order_and_are_taken_once() {
        let mut table = Table::default();
        let first = insert(&mut table, 10, Payload::None);
        let second = insert(&mut table, 11, Payload::None);
        assert_eq!(table.oldest(), Some(10));
        assert!(table.take(first).is_none());
        assert!(table.collect(OK, None).is_empty());
        assert_eq!(table.oldest(), Some(11));
        assert!(table.is_done(first) && !table.is_done(second));
        assert_eq!(table.take(first).unwrap().outcome, OK);
        assert!(table.take(first).is_none());
        // The place is used again; the old ticket does not reach the new request.
        let third = insert(&mut table, 12, Payload::None);
        assert_eq!(third.place, first.place);
        assert!(table.is_done(first), "done with");
        assert!(!table.is_done(third));
    }

    #[test]
    fn a_dropped_request_keeps_its_payload_until_it_is_collected() {
        let owned = Arc::new(());
        let mut table = Table::default();
        let ticket = insert(&mut table, 0, Payload::Owned(Box::new(owned.clone())));
        table.release(ticket).run();
        assert_eq!(table.parked(), 1);
        assert_eq!(Arc::strong_count(&owned), 2);
        table.collect(OK, None).run();
        assert_eq!(table.parked(), 0);
        assert_eq!(Arc::strong_count(&owned), 1);
        assert!(table.places.iter().all(Option::is_none));
    }

    #[test]
    fn a_forgotten_request_keeps_its_result_and_nothing_else_waits_for_it() {
        let mut table = Table::default();
        let forgotten = insert(&mut table, 0, Payload::None);
        let other = insert(&mut table, 1, Payload::None);
        table.collect(OK, None).run();
        table.collect(OK, None).run();
        assert!(table.take(other).is_some());
        assert!(table.is_done(forgotten));
        assert_eq!(table.pending(), 0);
    }

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn the_last_waker_is_woken_once() {
        let (first, second) = (Arc::new(Count::default()), Arc::new(Count::default()));
        let mut table = Table::default();
        let ticket = insert(&mut table, 0, Payload::None);
        assert!(table.set_waker(ticket, first.clone().into()).is_none());
        drop(table.set_waker(ticket, second.clone().into()));
        assert_eq!(table.wakers(), 1);
        table.collect(OK, None).run();
        assert_eq!(table.wakers(), 0);
        assert_eq!(first.0.load(Ordering::Relaxed), 0);
        assert_eq!(second.0.load(Ordering::Relaxed), 1);
    }

    /// Panics when it is dropped.
    struct Bomb(Arc<AtomicUsize>);

    impl Drop for Bomb {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
            panic!("dropped");
        }
    }

    #[test]
    fn a_panic_of_what_is_dropped_ends_with_the_collection() {
        let dropped = Arc::new(AtomicUsize::new(0));
        let bomb = || Payload::Owned(Box::new(Bomb(dropped.clone())));
        let mut table = Table::default();
        let parked = insert(&mut table, 0, bomb());
        let held = insert(&mut table, 1, bomb());
        table.release(parked).run();
        table.collect(OK, None).run();
        table.collect(OK, None).run();
        table.release(held).run();
        assert_eq!(dropped.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_dropped_future_takes_its_waker_along() {
        let waker = Arc::new(Count::default());
        let mut table = Table::default();
        let ticket = insert(&mut table, 0, Payload::None);
        assert!(table.set_waker(ticket, waker.clone().into()).is_none());
        table.release(ticket).run();
        assert_eq!((table.wakers(), Arc::strong_count(&waker)), (0, 1));
        table.collect(OK, None).run();
        assert_eq!(waker.0.load(Ordering::Relaxed), 0);
    }
}
