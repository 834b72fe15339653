//! A function that a library has from one that it needs: it can be called by the name of either,
//! and its declaration is compared where the library that has it is named.
//!
//! One test alone: what others do at the same time would decide which events are heard.

mod common;

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::Event;
use tracing::field::{Field, Visit};
use veo_core::{Error, Result, VeoProc, ve_kernel};

use crate::common::listener::Listener;

/// The library that has it has `long needed_there(void)`.
#[ve_kernel(lib = "libneeding.so", name = "needed_there", lazy)]
fn by_the_other(x: f64) -> i64;

#[ve_kernel(lib = "libneeded.so", name = "needed_there", lazy)]
fn by_its_own(x: f64) -> i64;

/// Keeps the text of all events.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<String>>);

impl Visit for Heard {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        *self.0.lock().unwrap() += &format!("{value:?}\n");
    }
}

#[test]
fn functions_of_a_needed_library_are_compared_under_its_name() -> Result<()> {
    let flags = ["-g", "-DNAME=needed_there"];
    let needed = common::compile("dependent.c", "libneeded.so", &flags);
    let needed = needed.to_str().expect("the path is UTF-8");
    let flags = ["-DNAME=needing", "-DNEEDS=needed_there", needed];
    let flags = [&["-g", "-Wl,--no-as-needed"], &flags[..]].concat();
    common::compile("dependent.c", "libneeding.so", &flags);

    let heard = Heard::default();
    let kept = heard.clone();
    let listener = Listener {
        wants: |_| true,
        heard: move |event: &Event<'_>| event.record(&mut kept.clone()),
    };
    tracing::subscriber::set_global_default(listener).expect("nobody else listens");
    let proc = VeoProc::new(0)?;
    assert_eq!(by_the_other(&proc, 1.0)?, 1);
    let text = heard.0.lock().unwrap().clone();
    let note = "libneeding.so itself has no function needed_there";
    assert!(text.contains(note), "{text}");

    let error = by_its_own(&proc, 1.0).unwrap_err();
    assert!(matches!(error, Error::Prototype { .. }), "{error}");
    Ok(())
}
