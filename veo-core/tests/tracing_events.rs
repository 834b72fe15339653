//! Subscribers of `tracing` may use the process that an event is about.
//!
//! One test alone: what others do at the same time would decide which events are heard.

mod common;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use tracing::Event;
use veo_core::{Prototypes, Result, VeoProc, ve_kernel};

use crate::common::listener::Listener;

#[ve_kernel(lib = "libcoretest.so")]
fn give_i64(x: i64) -> i64;

/// The library has `int64_t give_i64(int64_t)`.
#[ve_kernel(lib = "libcoretest.so", name = "give_i64")]
fn wrong(x: f32) -> i64;

/// Uses the process for each event, as one that writes to a log on the VE would.
struct Curious {
    proc: Arc<OnceLock<VeoProc>>,
    /// Whether it is handling an event: its own operations make events, too.
    busy: AtomicBool,
    events: Arc<AtomicUsize>,
}

impl Curious {
    fn hear(&self, event: &Event<'_>) {
        let ours = event.metadata().target().starts_with("veo_core");
        let Some(proc) = self.proc.get().filter(|_| ours) else {
            return;
        };
        if self.busy.swap(true, Ordering::SeqCst) {
            return;
        }
        let buffer = proc.upload(&[1, 2, 3]).expect("there is memory");
        assert_eq!(buffer.to_vec().expect("it can be read"), [1, 2, 3]);
        let library = proc.load_library(common::library());
        library
            .and_then(|library| library.find_function("give_i64").map(drop))
            .expect("the library is there");
        self.events.fetch_add(1, Ordering::SeqCst);
        self.busy.store(false, Ordering::SeqCst);
    }
}

#[test]
fn a_subscriber_may_use_the_process_that_it_hears_of() {
    let bare = common::compile("kernels.c", "libwithoutdebug.so", &["-O1"]);
    let (done, over) = mpsc::channel();
    // On a thread of its own, so that a deadlock is a failure.
    thread::spawn(move || {
        let (proc, events) = (Arc::new(OnceLock::new()), Arc::new(AtomicUsize::new(0)));
        let curious = Curious {
            proc: Arc::clone(&proc),
            busy: AtomicBool::new(false),
            events: Arc::clone(&events),
        };
        let subscriber = Listener {
            wants: |_| true,
            heard: move |event: &Event<'_>| curious.hear(event),
        };
        let result = tracing::subscriber::with_default(subscriber, || -> Result<()> {
            common::library();
            let built = VeoProc::builder().prototypes(Prototypes::Warn).build()?;
            let proc = proc.get_or_init(|| built);
            // A library, one without debug information, a wrong declaration.
            let lib = proc.load_library(bare)?;
            lib.function::<fn(i64) -> i64>("give_i64")?;
            wrong(proc, 1.0)?;
            give_i64(&proc.open_context()?, 1)?.wait()?;
            lib.unload()
        });
        let _ = done.send(result.map(|()| events.load(Ordering::SeqCst)));
    });
    let events = over
        .recv_timeout(Duration::from_secs(60))
        .expect("no deadlock")
        .expect("everything works");
    assert!(events >= 3, "only {events} events were heard");
}
