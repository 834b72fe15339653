//! Why a process ended, as data. Nothing is guessed.

use std::ffi::{c_char, c_int, c_void};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use veo_abi::ffi::*;

use crate::common::*;
use crate::{KERNELS, started};

/// The report of a process that ends by a kernel, called on a context of its own after
/// others.
#[track_caller]
fn report(kernels: &[&str]) -> veo_emu_fault {
    let (proc, lib) = started();
    let (_main, ctx) = (proc.open(), proc.open());
    let (last, before) = kernels.split_last().unwrap();
    for kernel in before {
        ctx.ok(ctx.call(proc.sym(lib, kernel), &Args::new()));
    }
    let id = ctx.call(proc.sym(lib, last), &Args::new().u64(0, 3));
    assert_ne!(ctx.wait(id).0, VEO_COMMAND_OK, "{last}");
    let fault = proc.fault().expect("a report");
    assert_eq!(text(&fault.kernel), *last);
    assert_eq!(fault.request, id, "{last}");
    fault
}

/// The cause of the end and the address, if there is one.
fn cause(fault: &veo_emu_fault) -> (u32, Option<u64>) {
    let address = (fault.has_address != 0).then_some(fault.address);
    (fault.cause as u32, address)
}

#[test]
fn addresses_that_are_known() {
    assert_eq!(
        cause(&report(&["segv"])),
        (VEO_EMU_CAUSE_SIGNAL, Some(0x1234))
    );
    assert_eq!(
        cause(&report(&["null"])),
        (VEO_EMU_CAUSE_SIGNAL, Some(0)),
        "null is an address"
    );
}

#[test]
fn addresses_that_nobody_tells() {
    let cases: &[&[&str]] = &[
        &["block", "segv"],
        &["bad_stack_for_handlers", "segv"],
        &["quiet"],
        &["by_raise"],
        &["by_kill"],
        &["by_tgkill"],
        &["by_queue"],
        #[cfg(target_arch = "x86_64")]
        &["not_canonical"],
        #[cfg(target_arch = "x86_64")]
        &["privileged"],
    ];
    for case in cases {
        let fault = report(case);
        assert_eq!(fault.signal, libc::SIGSEGV, "{case:?}");
        assert_eq!(cause(&fault), (VEO_EMU_CAUSE_SIGNAL, None), "{case:?}");
        let said = text(&fault.text);
        assert!(!said.contains("address"), "{case:?}: {said}");
    }
}

#[test]
fn stack_overflows() {
    for kernel in ["overflow", "overflow_slowly", "much_room", "more_room"] {
        let fault = report(&[kernel]);
        assert_eq!(
            fault.cause as u32,
            VEO_EMU_CAUSE_STACK_OVERFLOW,
            "{kernel}: {}",
            text(&fault.text)
        );
        let size = fault.stack_size;
        assert!((127 << 20..=129 << 20).contains(&size), "{kernel}: {size}");
    }
    // The main context; and one of another size.
    let (proc, lib) = started();
    let main = proc.open();
    let id = main.call(proc.sym(lib, "overflow"), &Args::new());
    assert_eq!(main.wait(id).0, VEO_COMMAND_EXCEPTION);
    let fault = proc.fault().unwrap();
    assert_eq!(fault.cause as u32, VEO_EMU_CAUSE_STACK_OVERFLOW);
    let (proc, lib) = started();
    proc.open();
    let attributes = call!(veo_alloc_thr_ctxt_attr());
    assert_eq!(call!(veo_set_thr_ctxt_stacksize(attributes, 5 << 20)), 0);
    let ctx = Ctx(call!(veo_context_open_with_attr(proc.0, attributes)));
    call!(veo_free_thr_ctxt_attr(attributes));
    let id = ctx.call(proc.sym(lib, "overflow"), &Args::new());
    assert_eq!(ctx.wait(id).0, VEO_COMMAND_EXCEPTION);
    let fault = proc.fault().unwrap();
    assert_eq!(fault.cause as u32, VEO_EMU_CAUSE_STACK_OVERFLOW);
    let size = fault.stack_size;
    assert!((4 << 20..=6 << 20).contains(&size), "{size}");
}

#[test]
fn a_wrong_pointer_next_to_a_stack_is_no_overflow() {
    for kernel in ["below_own_stack", "above_own_stack"] {
        let fault = report(&[kernel]);
        let (cause, address) = cause(&fault);
        assert_eq!(cause, VEO_EMU_CAUSE_SIGNAL, "{}", text(&fault.text));
        assert!(address.is_some(), "{kernel}");
    }
}

#[test]
fn exits_and_signals_from_outside_are_reported() {
    let fault = report(&["leave"]);
    assert_eq!(
        (fault.cause as u32, fault.exit_status),
        (VEO_EMU_CAUSE_EXIT, 3)
    );
    let fault = report(&["leave_now"]);
    assert_eq!(
        (fault.cause as u32, fault.exit_status),
        (VEO_EMU_CAUSE_EXIT, 3)
    );
    assert_eq!(
        report(&["leave_thread"]).cause as u32,
        VEO_EMU_CAUSE_THREAD_EXIT
    );
    let fault = report(&["self_kill"]);
    assert_eq!((fault.cause as u32, fault.sender), (VEO_EMU_CAUSE_SENT, 0));
    // From outside, with the sender where the VE process sees it.
    for (signal, sender) in [(libc::SIGKILL, false), (libc::SIGABRT, true)] {
        let (proc, lib) = started();
        let (_main, ctx) = (proc.open(), proc.open());
        let id = ctx.call(proc.sym(lib, "loop"), &Args::new());
        // SAFETY: the process is ours; the second function cannot fail.
        let own = unsafe {
            libc::kill(proc.pid(), signal);
            libc::getpid()
        };
        assert_eq!(ctx.wait(id).0, VEO_COMMAND_ERROR);
        let fault = proc.fault().unwrap();
        assert_eq!(fault.cause as u32, VEO_EMU_CAUSE_SENT);
        assert_eq!(fault.sender, if sender { own } else { 0 });
    }
}

/// A library that does something for ever when it is loaded or unloaded.
const AROUND: &str = "#include <stdlib.h>\n\
    static void for_ever(void) { for (volatile int i = 0; ; i = 1); }\n\
    __attribute__((constructor)) static void first(void) { if (FIRST) for_ever(); }\n\
    __attribute__((destructor)) static void last(void) { if (LAST) for_ever(); }\n\
    int twice(int x) { return 2 * x; }\n\
    void later(void) { atexit(for_ever); }\n\
    static void *find(void) { for_ever(); return 0; }\n\
    int found(void) __attribute__((ifunc(\"find\")));\n";

#[test]
fn the_operation_that_does_not_end_is_named() {
    let limited = || Proc::with(0, |options| options.time_limit_ms = 300);
    let library = |define: &[&str]| {
        let flags = [&["-g", "-O1"][..], define].concat();
        compile_with(AROUND, &flags)
    };
    let quiet = ["-DFIRST=0", "-DLAST=0"];
    let named = |proc: &Proc, parts: &[&str]| {
        let fault = proc.fault().expect("a report");
        assert_eq!(fault.cause as u32, VEO_EMU_CAUSE_TIME_LIMIT);
        assert_eq!(
            (fault.time_limit_ms, text(&fault.kernel)),
            (300, String::new())
        );
        let (said, operation) = (text(&fault.text), text(&fault.operation));
        for part in parts {
            assert!(said.contains(part), "{part:?} is missing in: {said}");
        }
        assert!(operation.starts_with(parts[0]), "{operation}");
    };

    let proc = limited();
    let path = library(&["-DFIRST=1", "-DLAST=0"]);
    let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    assert_eq!(call!(veo_load_library(proc.0, name.as_ptr())), 0);
    named(
        &proc,
        &[
            "loading library",
            path.to_str().unwrap(),
            "constructors",
            "300ms",
        ],
    );

    let proc = limited();
    let path = library(&["-DFIRST=0", "-DLAST=1"]);
    let lib = proc.load(&path);
    assert_eq!(call!(veo_unload_library(proc.0, lib)), -1);
    named(
        &proc,
        &["unloading library", path.to_str().unwrap(), "destructors"],
    );

    if cfg!(target_arch = "x86_64") {
        let proc = limited();
        let lib = proc.load(&library(&quiet));
        assert_eq!(call!(veo_get_sym(proc.0, lib, c"found".as_ptr())), 0);
        named(&proc, &["looking up symbol found"]);
    }
}

/// On a busy machine, a library's functions at exit take their time.
#[test]
fn exit_functions_may_take_seconds() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("last-{}", std::process::id()));
    let source = format!(
        "#include <stdio.h>\n#include <unistd.h>\n\
         __attribute__((destructor)) static void last(void) {{\n\
             sleep(4);\n\
             FILE *file = fopen(\"{}\", \"w\");\n\
             if (file) fclose(file);\n\
         }}\n\
         int twice(int x) {{ return 2 * x; }}\n",
        path.display()
    );
    let proc = Proc::new(0);
    let lib = proc.load(&compile(&source));
    let args = Args::new().u64(0, 21);
    assert_eq!(proc.call(proc.sym(lib, "twice"), &args), (0, 42));
    drop(proc);
    std::fs::remove_file(&path).expect("the file that the destructor makes");
}

/// A function that holds output up until it is told to go on.
unsafe extern "C" fn hold(payload: *mut c_void, _: c_int, _: *const c_char, _: usize) {
    // SAFETY: the tests pass this.
    let (enter, leave) = unsafe { &*payload.cast::<(Sender<()>, Receiver<()>)>() };
    let _ = enter.send(());
    let _ = leave.recv();
}

#[test]
fn the_receiver_of_output_holds_up_no_end() {
    for limit in [0, 300] {
        let (enter, entered) = channel::<()>();
        let (leave, left) = channel::<()>();
        let payload = Box::new((enter, left));
        let proc = Proc::with(0, |options| {
            options.output = Some(hold);
            options.output_payload = std::ptr::from_ref(&*payload).cast_mut().cast();
            options.time_limit_ms = limit;
        });
        let lib = proc.load(&compile(KERNELS));
        let (_main, ctx) = (proc.open(), proc.open());
        let id = ctx.call(proc.sym(lib, "talk_for_ever"), &Args::new());
        entered.recv().unwrap();
        let waiter = std::thread::spawn(move || ctx.wait(id));
        if limit == 0 {
            let start = Instant::now();
            assert_eq!(call!(veo_emu_kill(proc.0)), 0);
            assert!(start.elapsed() < Duration::from_secs(9), "it was held up");
            assert_eq!(call!(veo_emu_pid(proc.0)), -1, "it was not killed");
        }
        assert_eq!(waiter.join().unwrap().0, VEO_COMMAND_ERROR);
        let wanted = if limit == 0 {
            VEO_EMU_CAUSE_KILLED
        } else {
            VEO_EMU_CAUSE_TIME_LIMIT
        };
        assert_eq!(proc.fault().unwrap().cause as u32, wanted);
        drop(leave);
        drop(proc);
    }
}

/// Kills the process from the function that gets its output.
unsafe extern "C" fn kill(payload: *mut c_void, _: c_int, _: *const c_char, _: usize) {
    // SAFETY: the test passes this.
    let (handle, killed) = unsafe { &*payload.cast::<(Receiver<Proc>, Sender<c_int>)>() };
    if let Ok(proc) = handle.try_recv() {
        let _ = killed.send(call!(veo_emu_kill(proc.0)));
        // The thread that created it destroys it.
        std::mem::forget(proc);
    }
}

#[test]
fn the_receiver_of_output_may_kill() {
    let (give, handle) = channel::<Proc>();
    let (killed, told) = channel::<c_int>();
    let payload = Box::new((handle, killed));
    let proc = Proc::with(0, |options| {
        options.output = Some(kill);
        options.output_payload = std::ptr::from_ref(&*payload).cast_mut().cast();
    });
    let lib = proc.load(&compile(KERNELS));
    let ctx = proc.open();
    give.send(Proc(proc.0)).unwrap();
    let id = ctx.call(proc.sym(lib, "talk_for_ever"), &Args::new());
    assert_eq!(ctx.wait(id).0, VEO_COMMAND_ERROR);
    assert_eq!(told.recv().unwrap(), 0);
}

#[test]
fn several_may_kill_at_once() {
    let (proc, lib) = started();
    let (_main, ctx) = (proc.open(), proc.open());
    let id = ctx.call(proc.sym(lib, "loop"), &Args::new());
    // SAFETY: the process is ours.
    unsafe { libc::kill(proc.pid(), libc::SIGSTOP) };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let proc = &proc;
            scope.spawn(move || {
                let Proc(handle) = *proc;
                assert_eq!(call!(veo_emu_kill(handle)), 0);
            });
        }
    });
    assert_eq!(ctx.wait(id).0, VEO_COMMAND_ERROR);
    assert_eq!(call!(veo_emu_kill(proc.0)), 0, "it has ended");
}
