//! A declaration that could not be compared while it was compiled gives a note when it is resolved, if somebody listens.
//!
//! One test alone, because a listener is set for the whole process.

#![cfg(not(no_libclang))]

use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use veo_core::{OnStack, VeoProc};
use veo_test_support as _;
use veo_tests_import::imported::{
    either, imported_add, imported_tagged, tagged, tagged_ty_1, tagged_ty_2,
};

static HEARD: Mutex<String> = Mutex::new(String::new());

struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("veo_core") && *metadata.level() <= Level::DEBUG
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Listener);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Visit for Listener {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(heard, "{value:?}").expect("a string takes everything");
    }
}

#[test]
fn undecided_comparisons_are_noted_when_kernels_are_resolved() {
    tracing::subscriber::set_global_default(Listener).expect("there is no other");
    let proc = VeoProc::new(0).expect("the emulated node starts");
    let mut x = 1.0;
    imported_add(&proc, 1, OnStack::inout(&mut x)).expect("it runs");
    let heard = |text: &str| {
        let heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
        heard.lines().filter(|line| line.contains(text)).count()
    };
    assert_eq!(heard("imported_add"), 0, "nothing is open about it");
    let choice = tagged {
        kind: 1,
        u: tagged_ty_1 { bytes: [0] },
        _anon_1: tagged_ty_2 { x: 4, y: 5 },
    };
    let mut out = either { bytes: [0] };
    imported_tagged(&proc, OnStack::input(&choice), OnStack::output(&mut out)).expect("it runs");
    for parameter in ["parameter 1 (`t`)", "parameter 2 (`e`)"] {
        let note = format!("{parameter}: whether `");
        assert_eq!(heard(&note), 1, "{parameter}");
    }
    assert_eq!(heard("cannot be told from the debug information"), 2);
    assert_eq!(heard("imported.c:"), 2, "where the kernel is");
}
