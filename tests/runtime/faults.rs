//! A kernel that crashes: the error names kernel and signal, the host lives, a new
//! process works.

use ve_kernels::basics::{add_up, bump, fill};
use ve_kernels::faults::{
    crash_abort, crash_divide, crash_segv, crash_signal, crash_stack, leave, leave_at_once,
};
use veo_core::{Result, VeoContext, VeoProc};
use veo_test_support::compile;

/// The message of the error that a kernel ends with, called on the process and on a
/// context; everything else that a dead process must answer is checked on the way.
fn crash(
    kernel: &str,
    on_proc: impl Fn(&VeoProc) -> Result<()>,
    on_ctx: impl Fn(&VeoContext) -> Result<()>,
) -> Vec<String> {
    let mut messages = Vec::new();

    let proc = VeoProc::new(0).unwrap();
    messages.push(on_proc(&proc).unwrap_err().to_string());
    bump(&proc, 1).unwrap_err();
    proc.upload(&[1.0]).map(drop).unwrap_err();
    proc.open_context().map(drop).unwrap_err();

    let proc = VeoProc::new(0).unwrap();
    let other = VeoProc::new(1).unwrap();
    let ctx = proc.open_context().unwrap();
    let mut x = proc.alloc::<f64>(10).unwrap();
    let before = fill(&ctx, &mut x, 10, 0.0, 1.0).unwrap();
    messages.push(on_ctx(&ctx).unwrap_err().to_string());
    before.wait().unwrap();
    // Each later request is an error, at once or when it is waited for.
    let after = add_up(&ctx, 1, 2, 3, 4, 5, 6, 7, 8).and_then(|request| request.wait());
    let after = after.unwrap_err().to_string();
    assert!(
        after.contains(kernel),
        "the later error says why the process ended: {after}"
    );
    x.to_vec().unwrap_err();

    // Another process is not affected, and a new one works.
    assert_eq!(bump(&other, 1).unwrap(), 101);
    assert_eq!(bump(&VeoProc::new(0).unwrap(), 1).unwrap(), 101);
    for message in &messages {
        assert!(message.contains(kernel), "{message}");
    }
    messages
}

macro_rules! crash {
    ($kernel:ident($($argument:expr),*)) => {
        crash(
            stringify!($kernel),
            |proc| $kernel(proc $(, $argument)*).map(drop),
            |ctx| $kernel(ctx $(, $argument)*)?.wait().map(drop),
        )
    };
}

#[track_caller]
fn names(messages: &[String], what: &str) {
    for message in messages {
        assert!(message.contains(what), "{what} is missing in: {message}");
        assert!(message.lines().count() <= 3, "{message}");
    }
}

#[test]
fn segmentation_fault() {
    let messages = crash!(crash_segv());
    names(&messages, "SIGSEGV");
    names(&messages, "0x8"); // the address
}

#[test]
fn abort() {
    names(&crash!(crash_abort()), "SIGABRT");
}

#[test]
fn division_by_zero() {
    if cfg!(target_arch = "x86_64") {
        names(&crash!(crash_divide(1, 0)), "SIGFPE");
    }
}

#[test]
fn other_signals() {
    names(&crash!(crash_signal(libc::SIGILL)), "SIGILL");
    names(&crash!(crash_signal(libc::SIGBUS)), "SIGBUS");
}

#[test]
fn stack_overflow() {
    let messages = crash!(crash_stack(0));
    for part in [
        "SIGSEGV",
        "overflowed its stack",
        "ContextOptions::stack_size",
    ] {
        names(&messages, part);
    }
}

#[test]
fn an_end_without_a_kernel_names_what_was_going_on() {
    let text = "__attribute__((constructor)) static void first(void) { *(volatile int *)8 = 1; }\n";
    let library = concat!(env!("CARGO_TARGET_TMPDIR"), "/libearly.so");
    let library = compile::library_of(text, "c", library, &["-g"]);
    let proc = VeoProc::new(0).unwrap();
    let loading = proc.load_library(&library).map(drop).unwrap_err();
    let later = bump(&proc, 1).unwrap_err();
    let messages = [loading, later].map(|error| {
        let fault = error.fault().expect("what ended it");
        assert_eq!((fault.kernel.as_ref(), fault.address), (None, Some(8)));
        error.to_string()
    });
    for part in [
        "SIGSEGV",
        "0x8",
        "while loading library",
        "libearly.so",
        "constructors",
    ] {
        names(&messages, part);
    }
}

#[test]
fn exit() {
    names(&crash!(leave(7)), "exit status 7");
    names(&crash!(leave_at_once(3)), "exit status 3");
}
