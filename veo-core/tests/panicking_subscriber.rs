//! A subscriber of `tracing` that panics at what it is told of requests breaks no wait, no scope and no future.
//!
//! One test alone: it sets the program's subscriber.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata};
use veo_core::ve_kernel;

#[ve_kernel(lib = "libcoretest.so")]
fn give_i64(x: i64) -> i64;

/// How often it was asked or told of a request.
static PANICS: AtomicUsize = AtomicUsize::new(0);

struct Panics;

fn panic_at_requests(metadata: &Metadata<'_>) {
    if metadata.target() == "veo::request" {
        PANICS.fetch_add(1, Ordering::Relaxed);
        // No message: hundreds of them would hide others.
        std::panic::resume_unwind(Box::new("a subscriber"));
    }
}

impl tracing::Subscriber for Panics {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        if PANICS.load(Ordering::Relaxed).is_multiple_of(2) {
            panic_at_requests(metadata);
        }
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        panic_at_requests(event.metadata());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn its_panics_end_where_it_is_told() {
    let proc = common::process();
    let ctx = proc.open_context().unwrap();
    let x = proc.upload(&[7_u64; 100]).unwrap();
    tracing::subscriber::set_global_default(Panics).expect("there is no other");

    for round in 0..50 {
        let first = give_i64(&ctx, round).unwrap();
        let mut out = [0; 100];
        // The scope collects the call before its own transfer, and must not end before that.
        ctx.scope(|s| {
            s.read_into(&x, &mut out);
        })
        .unwrap();
        assert_eq!(out, [7; 100]);
        assert_eq!(first.wait().unwrap(), round);
        assert_eq!(x.to_vec().unwrap(), [7; 100]);
        assert_eq!(common::block_on(give_i64(&ctx, 3).unwrap()).unwrap(), 3);
    }
    proc.close().unwrap();
    assert!(PANICS.load(Ordering::Relaxed) > 100, "it was told of them");
}
