//! A model of the ring and of its sleeping protocol: `loom` runs the real code of
//! `src/shared/ring.rs` through every order of its steps that matters.
//!
//! A lost wake-up is a deadlock, which the model reports.

#![allow(dead_code, unused_imports)]

#[path = "."]
mod shared {
    #[path = "../src/shared/class.rs"]
    pub(crate) mod class;
    #[path = "../src/shared/ring.rs"]
    pub(crate) mod ring;
    #[path = "../src/shared/slot.rs"]
    pub(crate) mod slot;
}

mod sys {
    pub(crate) mod memfd {
        /// Stands for the real one.
        ///
        /// # Safety
        ///
        /// Nothing is mapped at this address.
        pub(crate) unsafe trait SharedData {}
    }
    pub(crate) mod thread {
        pub(crate) const NO_CPU: u32 = u32::MAX;
    }
}

mod sync {
    pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
    use loom::sync::{Condvar, Mutex};
    use std::time::Duration;

    pub(crate) fn expect_write<T>(_: &T) {}

    pub(crate) const SLOTS: usize = 2;
    pub(crate) const MAX_WORDS: usize = 1;
    pub(crate) const INLINE_WORDS: usize = 1;

    loom::lazy_static! {
        static ref KERNEL: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());
    }

    /// A futex: the comparison and the falling asleep are one step.
    pub(crate) fn park(word: &AtomicU32, expected: u32, _timeout: Option<Duration>) {
        let guard = KERNEL.0.lock().unwrap();
        if word.load(Ordering::SeqCst) == expected {
            drop(KERNEL.1.wait(guard).unwrap());
        }
    }

    pub(crate) fn unpark(_word: &AtomicU32) {
        let _guard = KERNEL.0.lock().unwrap();
        KERNEL.1.notify_all();
    }
}

use loom::sync::Arc;
use loom::thread;
use shared::class::ResultClass;
use shared::ring::{Completion, Received, Ring, RingOp, RingRequest};
use veo_test_support as _;

fn model(preemptions: usize, test: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(test);
}

fn post(ring: &Ring, position: u64) {
    ring.host_side().publish(
        position,
        RingRequest {
            op: RingOp::Call,
            address: 40 + position,
            id: position,
            words: &[],
            classes: &[],
            returns: ResultClass::Word,
            cpu: 0,
        },
    );
}

/// The VE side: runs requests, sleeping whenever there is none.
fn serve(ring: &Ring, count: u64) {
    let ring = ring.ve_side();
    let mut request = Received::new();
    for position in 0..count {
        while !ring.is_there(position) {
            ring.sleep_for_request(position);
        }
        ring.take(position, &mut request);
        assert_eq!(request.id, position);
        ring.complete(request.id, Completion::Done, request.address * 2);
    }
}

/// A thread of the host that wants a result, sleeping while it is not there.
fn await_result(ring: &Ring, id: u64) {
    let ring = ring.host_side();
    loop {
        let seen = ring.generation();
        if let Some(response) = ring.response(id) {
            assert_eq!(response, (Completion::Done, (40 + id) * 2));
            return;
        }
        ring.arm(id);
        if ring.response(id).is_none() {
            ring.sleep(seen, None);
        }
    }
}

#[test]
fn no_wake_up_is_lost_between_one_caller_and_the_ve() {
    model(3, || {
        let ring = Arc::new(Ring::alone());
        let ve = ring.clone();
        let server = thread::spawn(move || serve(&ve, 1));
        post(&ring, 0);
        await_result(&ring, 0);
        server.join().unwrap();
    });
}

#[test]
fn two_requests_and_two_waiters() {
    model(2, || {
        let ring = Arc::new(Ring::alone());
        let (ve, other) = (ring.clone(), ring.clone());
        post(&ring, 0);
        post(&ring, 1);
        let server = thread::spawn(move || serve(&ve, 2));
        let waiter = thread::spawn(move || await_result(&other, 1));
        await_result(&ring, 0);
        waiter.join().unwrap();
        server.join().unwrap();
    });
}

#[test]
fn an_event_of_the_host_wakes_a_sleeper() {
    model(3, || {
        let ring = Arc::new(Ring::alone());
        let other = ring.clone();
        let done = Arc::new(loom::sync::atomic::AtomicBool::new(false));
        let theirs = done.clone();
        let waker = thread::spawn(move || {
            theirs.store(true, loom::sync::atomic::Ordering::Release);
            other.host_side().wake_host();
        });
        loop {
            let host = ring.host_side();
            let seen = host.generation();
            if done.load(loom::sync::atomic::Ordering::Acquire) {
                break;
            }
            host.sleep(seen, None);
        }
        waker.join().unwrap();
    });
}
