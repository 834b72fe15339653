//! A subscriber of `tracing` that comes while records of requests are kept for somebody else may wait for requests of the same context.
//!
//! One test alone: it sets the program's subscriber.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::{Event, Level};
use veo_core::{VeoProc, ve_kernel};

use crate::common::listener::Listener;

#[ve_kernel(lib = "libcoretest.so")]
fn give_i64(x: i64) -> i64;

#[test]
fn a_subscriber_that_comes_late_may_wait_for_requests() {
    common::library();
    let proc = VeoProc::builder().stats(true).build().unwrap();
    let ctx = proc.open_context().unwrap();
    // Statistics get its record when the context waits the next time.
    assert_eq!(give_i64(&ctx, 1).unwrap().wait().unwrap(), 1);
    let (answers, inside) = (Arc::new(Mutex::new(Vec::new())), AtomicBool::new(false));
    let (own, given) = (ctx.clone(), Arc::clone(&answers));
    let listener = Listener {
        wants: |metadata| metadata.target() == "veo::request" && *metadata.level() == Level::TRACE,
        heard: move |_: &Event<'_>| {
            // Its own requests make events, too.
            if inside.swap(true, Ordering::Relaxed) {
                return;
            }
            let request = give_i64(&own, 7).unwrap();
            let answer = request.wait_timeout(Duration::from_secs(20)).unwrap();
            given.lock().unwrap().push(answer.ok());
            inside.store(false, Ordering::Relaxed);
        },
    };
    tracing::subscriber::set_global_default(listener).expect("there is no other");
    for x in 0..3 {
        assert_eq!(give_i64(&ctx, x).unwrap().wait().unwrap(), x);
    }
    // All of those that were collected since, and not the one before.
    assert_eq!(*answers.lock().unwrap(), [Some(7); 3]);
    let stats = proc.stats();
    let calls = stats.requests.expect("they are gathered").kernels[0].calls;
    assert_eq!((calls.count, calls.errors), (7, 0));
}
