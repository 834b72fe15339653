//! Errors of requests whose results nobody asks for: each is in the log once, with its own kernel, and no other call has it.

mod common;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::{Event, Level};
use veo_core::{Error, VeoProc, ve_kernel};

use crate::common::listener::Listener;
use veo_test_support::run;

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    safe fn give_i64(x: i64) -> i64;
    safe fn wait_for(flag: *mut i64) -> i64;
    safe fn set_flag(flag: *mut i64, value: i64);
    safe fn crash();
    safe fn give_up();
}

/// The variable that has [`program`] do something.
const PROGRAM: &str = "VEO_TEST_UNCOLLECTED_PROGRAM";

/// More than any node has.
const TOO_MUCH: usize = 1 << 46;

/// Runs in the program that [`logged`] starts.
#[test]
fn program() {
    let Ok(what) = std::env::var(PROGRAM) else {
        return;
    };
    common::library();
    let listener = Listener {
        wants: |metadata| *metadata.level() == Level::WARN,
        heard: |event: &Event<'_>| event.record(&mut Line),
    };
    tracing::subscriber::set_global_default(listener).expect("there is no other");
    let proc = VeoProc::new(0).unwrap();
    let ctx = proc.open_context().unwrap();
    match &*what {
        "dropped" => {
            drop(crash(&ctx).unwrap());
            let _ = ctx.sync();
        }
        "dropped when it was over" => {
            let request = crash(&ctx).unwrap();
            let _ = ctx.sync();
            drop(request);
        }
        "forgotten" => {
            std::mem::forget(crash(&ctx).unwrap());
            let _ = ctx.sync();
            let _ = proc.close();
        }
        "waited for" => {
            let error = crash(&ctx).unwrap().wait().unwrap_err();
            assert!(matches!(error, Error::Exception { .. }), "{error}");
        }
        "with others behind it" => {
            // All are queued before the first one ends.
            let other = proc.open_context().unwrap();
            let mut flag = proc.zeros::<i64>(1).unwrap();
            drop(wait_for(&ctx, &mut flag).unwrap());
            drop(give_up(&ctx).unwrap());
            for x in 0..10 {
                drop(give_i64(&ctx, x).unwrap());
            }
            let last = give_i64(&ctx, 11).unwrap();
            set_flag(&other, &mut flag, 1).unwrap().wait().unwrap();
            // It was lost, since another kernel has ended the process.
            let error = last.wait().unwrap_err();
            assert!(matches!(error, Error::ProcessEnded { .. }), "{error}");
        }
        "allocation" => {
            drop(ctx.alloc::<u8>(TOO_MUCH).unwrap());
            ctx.sync().unwrap();
            assert_eq!(give_i64(&ctx, 5).unwrap().wait().unwrap(), 5);
            assert_eq!(proc.upload(&[1, 2]).unwrap().to_vec().unwrap(), [1, 2]);
        }
        "killed" => {
            let mut flag = proc.zeros::<i64>(1).unwrap();
            drop(wait_for(&ctx, &mut flag).unwrap());
            drop(give_i64(&ctx, 1).unwrap());
            proc.kill().unwrap();
            let _ = ctx.sync();
        }
        other => panic!("{other}"),
    }
    // Another thread may write the log.
    let patience = Instant::now() + Duration::from_secs(60);
    let is_silent = matches!(&*what, "waited for" | "killed");
    while !is_silent && HEARD.load(Ordering::SeqCst) == 0 && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// How many lines of the log were written.
static HEARD: AtomicUsize = AtomicUsize::new(0);

/// Writes a line of the log to the standard error.
struct Line;

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" && text.contains("nobody has asked") {
            eprintln!("{text}");
            HEARD.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// The lines of the log of errors that nobody has collected, when the program does this.
fn logged(what: &str) -> Vec<String> {
    let output = run::one_test("program")
        .env(PROGRAM, what)
        .output()
        .expect("the program starts again");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {error}");
    let lines = error.lines().map(str::to_owned);
    lines
        .filter(|line| line.contains("nobody has asked"))
        .collect()
}

#[test]
fn a_fault_that_nobody_collects_is_logged_once() {
    for what in ["dropped", "dropped when it was over", "forgotten"] {
        let lines = logged(what);
        let [line] = &*lines else {
            panic!("{what}: {lines:?}");
        };
        assert!(
            line.contains("kernel crash (request 0 of context "),
            "{line}"
        );
        assert!(line.contains("SIGSEGV"), "{line}");
    }
}

#[test]
fn requests_lost_with_the_process_are_not_logged() {
    let lines = logged("with others behind it");
    let [line] = &*lines else {
        panic!("{lines:?}");
    };
    assert!(
        line.contains("kernel give_up (request 1 of context "),
        "{line}"
    );
    for what in ["waited for", "killed"] {
        assert_eq!(logged(what), [""; 0], "{what}");
    }
}

#[test]
fn an_allocation_that_fails_is_logged() {
    let lines = logged("allocation");
    let [line] = &*lines else {
        panic!("{lines:?}");
    };
    let size = TOO_MUCH.to_string();
    assert!(
        line.contains("the allocation of") && line.contains(&size),
        "{line}"
    );
}
