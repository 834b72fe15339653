//! The table of requests: the fate of its entries.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const OK: CommandOutcome = CommandOutcome {
    state: CommandState::Ok,
    word: 5,
};

fn insert(table: &mut RequestTable, id: u64, payload: Payload) -> Ticket {
    table.insert(id, RequestKind::HostFunction, payload, Stamp::now())
}

/// Collects the oldest request.
fn collect(table: &mut RequestTable) {
    if let Some(after) = table.collect(OK, Stamp::now()) {
        after.run();
    }
}

#[test]
fn results_come_in_order_and_are_taken_once() {
    let mut table = RequestTable::default();
    let first = insert(&mut table, 10, Payload::None);
    let second = insert(&mut table, 11, Payload::None);
    assert_eq!(table.oldest(), Some(10));
    assert!(table.take(first).is_none());
    assert!(table.collect(OK, Stamp::now()).is_none());
    assert_eq!(table.oldest(), Some(11));
    assert!(table.is_done(first) && !table.is_done(second));
    assert_eq!(table.take_word(first), Some(OK.word));
    assert!(table.take(first).is_none());
    // The place is used again; the old ticket does not reach the new request.
    let third = insert(&mut table, 12, Payload::None);
    assert_eq!(third.place, first.place);
    assert!(table.is_done(first), "done with");
    assert!(!table.is_done(third));
}

#[test]
fn a_collection_gives_what_is_left_to_do() {
    let mut table = RequestTable::default();
    assert!(
        table.collect(OK, Stamp::now()).is_none(),
        "there is nothing"
    );
    let plain = insert(&mut table, 10, Payload::None);
    assert!(table.collect(OK, Stamp::now()).is_none());
    assert_eq!(table.take_word(plain), Some(OK.word));
    let owner = insert(&mut table, 11, Payload::Owned(Box::new(())));
    assert!(
        table.collect(OK, Stamp::now()).is_none(),
        "its handle takes it"
    );
    assert!(matches!(
        table.take(owner),
        Some(Collected {
            payload: Payload::Owned(_),
            ..
        })
    ));
    let awaited = insert(&mut table, 12, Payload::None);
    table.set_waker(awaited, Waker::noop().clone());
    let after = table
        .collect(OK, Stamp::now())
        .expect("a task has to be woken");
    assert!(after.waker.is_some() && table.wakers() == 0);
    after.run();
    assert!(table.take(awaited).is_some());
    let dropped = insert(&mut table, 13, Payload::None);
    table.release(dropped).run();
    assert!(
        table.collect(OK, Stamp::now()).is_none(),
        "its place becomes free"
    );
    assert_eq!((table.parked(), table.used, table.pending()), (0, 0, 0));
}

#[test]
fn the_oldest_request_can_be_collected_and_taken_at_once() {
    let mut table = RequestTable::default();
    let first = insert(&mut table, 10, Payload::None);
    let second = insert(&mut table, 11, Payload::None);
    assert!(table.finish(second).is_none(), "not the oldest");
    assert!(table.finish(first).is_some());
    assert!(table.finish(first).is_none() && table.take(first).is_none());
    assert_eq!((table.oldest(), table.pending()), (Some(11), 1));
    let third = insert(&mut table, 12, Payload::None);
    assert_eq!(third.place, first.place);
    assert!(table.finish(second).is_some());
    assert_eq!((table.oldest(), table.pending()), (Some(12), 1));
    collect(&mut table);
    assert!(table.finish(third).is_none(), "collected by another");
    assert_eq!(table.take_word(third), Some(OK.word));
    assert_eq!(table.pending(), 0);
    let owner = insert(&mut table, 13, Payload::Owned(Box::new(())));
    assert!(table.finish(owner).is_none(), "its payload has to be taken");
    collect(&mut table);
    assert!(table.take_word(owner).is_none() && table.take(owner).is_some());
    let awaited = insert(&mut table, 14, Payload::None);
    table.set_waker(awaited, Waker::noop().clone());
    assert!(table.finish(awaited).is_none(), "a task has to be woken");
    assert_eq!((table.wakers(), table.pending()), (1, 1));
}

#[test]
fn a_dropped_request_keeps_its_payload_until_it_is_collected() {
    let owned = Arc::new(());
    let mut table = RequestTable::default();
    let ticket = insert(&mut table, 0, Payload::Owned(Box::new(owned.clone())));
    table.release(ticket).run();
    assert_eq!(table.parked(), 1);
    assert_eq!(Arc::strong_count(&owned), 2);
    collect(&mut table);
    assert_eq!(table.parked(), 0);
    assert_eq!(Arc::strong_count(&owned), 1);
    assert!(table.places.iter().all(|entry| entry.number == NONE));
}

#[test]
fn a_forgotten_request_keeps_its_result_and_nothing_else_waits_for_it() {
    let mut table = RequestTable::default();
    let forgotten = insert(&mut table, 0, Payload::None);
    let other = insert(&mut table, 1, Payload::None);
    collect(&mut table);
    collect(&mut table);
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
    let mut table = RequestTable::default();
    let ticket = insert(&mut table, 0, Payload::None);
    assert!(table.set_waker(ticket, first.clone().into()).is_none());
    drop(table.set_waker(ticket, second.clone().into()));
    assert_eq!(table.wakers(), 1);
    collect(&mut table);
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
    let mut table = RequestTable::default();
    let parked = insert(&mut table, 0, bomb());
    let held = insert(&mut table, 1, bomb());
    table.release(parked).run();
    collect(&mut table);
    collect(&mut table);
    table.release(held).run();
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
}

#[test]
fn a_dropped_future_takes_its_waker_along() {
    let waker = Arc::new(Count::default());
    let mut table = RequestTable::default();
    let ticket = insert(&mut table, 0, Payload::None);
    assert!(table.set_waker(ticket, waker.clone().into()).is_none());
    table.release(ticket).run();
    assert_eq!((table.wakers(), Arc::strong_count(&waker)), (0, 1));
    collect(&mut table);
    assert_eq!(waker.0.load(Ordering::Relaxed), 0);
}

#[test]
fn room_is_given_back_after_many_requests() {
    const MANY: u64 = if cfg!(miri) { 3000 } else { 10_000 };
    let mut table = RequestTable::default();
    let kept = insert(&mut table, 0, Payload::None);
    for backwards in [false, true] {
        let mut many: Vec<_> = (0..MANY)
            .map(|id| insert(&mut table, id, Payload::None))
            .collect();
        let newest = insert(&mut table, MANY, Payload::None);
        while !table.is_done(newest) {
            collect(&mut table);
        }
        if backwards {
            many.reverse();
        }
        for ticket in &many {
            assert_eq!(table.take_word(*ticket), Some(5));
        }
        // The newest lies behind all others.
        assert!(table.places.len() > MANY as usize);
        assert_eq!(table.take_word(newest), Some(5));
        assert!(table.places.len() <= KEPT && table.places.capacity() <= KEPT);
        assert!(many.iter().all(|ticket| table.take(*ticket).is_none()));
        assert_eq!(table.used, 1);
    }
    // Each free place is found once.
    let again: Vec<_> = (0..2000)
        .map(|id| insert(&mut table, id, Payload::None).place)
        .collect();
    let mut places = again.clone();
    places.push(kept.place);
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), again.len() + 1);
    assert_eq!(table.take_word(kept), Some(5));
}
