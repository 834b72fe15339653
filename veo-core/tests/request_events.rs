//! `tracing` gets an event of each request that has ended, at the target `veo::request` and the level TRACE, and none if it wants none.
//!
//! One test alone: it sets the program's subscriber.

mod common;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Event, Level};
use veo_core::{VeoProc, ve_kernel};

use crate::common::listener::Listener;

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    safe fn give_i64(x: i64) -> i64;
    safe fn crash();
}

/// The fields of an event, by their names.
#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

#[test]
fn each_request_makes_one_event_that_names_it_as_its_handle_does() {
    let proc: VeoProc = common::process();
    let ctx = proc.open_context().unwrap();
    // Nobody listens yet.
    assert_eq!(give_i64(&ctx, 1).unwrap().wait().unwrap(), 1);
    let heard: Arc<Mutex<Vec<Fields>>> = Arc::default();
    let kept = Arc::clone(&heard);
    let listener = Listener {
        wants: |metadata| metadata.target() == "veo::request" && *metadata.level() == Level::TRACE,
        heard: move |event: &Event<'_>| {
            let mut fields = Fields::default();
            event.record(&mut fields);
            kept.lock().unwrap().push(fields);
        },
    };
    tracing::subscriber::set_global_default(listener).expect("there is no other");
    let mut x = proc.alloc::<f64>(4).unwrap();
    heard.lock().unwrap().clear();

    let call = give_i64(&ctx, 2).unwrap();
    let called = format!("{call:?}");
    assert_eq!(call.wait().unwrap(), 2);
    let write = ctx.write(&mut x, vec![1.0; 4]).unwrap();
    let written = format!("{write:?}");
    write.wait().unwrap();
    assert_eq!(x.to_vec().unwrap(), [1.0; 4]);
    crash(&ctx).unwrap().wait().unwrap_err();

    let events = std::mem::take(&mut *heard.lock().unwrap());
    let field = |at: usize, name: &str| events[at].0.get(name).map(String::as_str);
    let messages: Vec<_> = (0..events.len())
        .map(|at| field(at, "message").unwrap())
        .collect();
    let [call, write, read, crash] = &*messages else {
        panic!("{messages:?}");
    };
    assert!(
        called.starts_with(&format!("VeoRequest({call}, ")),
        "{called}, {call}"
    );
    assert!(
        written.starts_with(&format!("VeoRequest({write}, ")),
        "{written}, {write}"
    );
    assert!(
        call.starts_with("kernel give_i64 (request 1 of context "),
        "{call}"
    );
    assert!(
        read.starts_with("the transfer of 32 bytes from the VE (context "),
        "{read}"
    );
    assert!(
        crash.starts_with("kernel crash (request 3 of context "),
        "{crash}"
    );
    assert_eq!(
        [field(0, "kernel"), field(1, "kernel")],
        [Some("give_i64"), None]
    );
    assert_eq!([field(0, "bytes"), field(1, "bytes")], [None, Some("32")]);
    assert_eq!(
        [field(0, "state"), field(3, "state")],
        [Some("Ok"), Some("Exception")]
    );
    for (at, message) in messages.iter().enumerate() {
        for name in ["queued_ns", "running_ns"] {
            let time = field(at, name).and_then(|time| time.parse::<u64>().ok());
            assert!(time.is_some(), "{name} of {message}");
        }
    }
}
