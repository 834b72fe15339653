//! Kernels that crash or leave: what the request says, the report, and everything after the end of the process.

use std::time::{Duration, Instant};

use veo_abi::ffi::*;

use crate::common::*;
use crate::started;

/// Longer than the end of a process takes, however slow the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `kernel` on the main context, with calls queued behind it there and in
/// another context, and returns how it ended.
fn run(kernel: &str, argument: u64) -> (u32, u64, veo_emu_fault) {
    let (proc, lib) = started();
    let main = proc.open();
    let other = proc.open();
    let ok = proc.sym(lib, "ok");
    let function = proc.sym(lib, kernel);
    let args = Args::new().u64(0, argument);
    let before = main.call(ok, &args);
    assert_eq!(other.ok(other.call(ok, &args)), argument + 1);
    let start = Instant::now();
    let guilty = main.call(function, &args);
    // Some kernels end before the next call is made.
    let behind = call!(veo_call_async(main.0, ok, args.0));
    let (state, result) = main.wait(guilty);
    assert!(start.elapsed() < PATIENCE, "{kernel}");
    assert_eq!(main.wait(before), (VEO_COMMAND_OK, argument + 1));
    if behind != VEO_REQUEST_ID_INVALID {
        assert_eq!(main.wait(behind), (VEO_COMMAND_ERROR, 0), "{kernel}");
        assert!(last_error().contains("has ended"), "{}", last_error());
    }
    let fault = proc.fault().expect("a report");
    assert_eq!(fault.context, 0, "{kernel}");
    assert_eq!(fault.request, guilty, "{kernel}");
    assert_eq!(text(&fault.kernel), kernel);
    after_death(&proc, lib, main, ok);
    (state, result, fault)
}

/// The result of every call after the process has ended.
fn after_death(proc: &Proc, lib: u64, ctx: Ctx, symbol: u64) {
    let args = Args::new();
    let mut word = 0u64;
    assert_eq!(call!(veo_alloc_mem(proc.0, &mut word, 8)), -1);
    assert!(call!(veo_read_mem(proc.0, (&raw mut word).cast(), symbol, 8)) < 0);
    assert!(call!(veo_write_mem(proc.0, symbol, (&raw const word).cast(), 8)) < 0);
    assert_eq!(proc.call(symbol, &args).0, -1);
    assert_eq!(
        call!(veo_call_async(ctx.0, symbol, args.0)),
        VEO_REQUEST_ID_INVALID
    );
    assert_eq!(ctx.read(&mut [0], symbol), VEO_REQUEST_ID_INVALID);
    assert_eq!(
        call!(veo_load_library(proc.0, c"/nowhere/libx.so".as_ptr())),
        0
    );
    assert_eq!(call!(veo_unload_library(proc.0, lib)), -1);
    assert_eq!(call!(veo_free_mem(proc.0, 0x6000_0000_0000)), 0);
    assert_eq!(call!(veo_get_sym(proc.0, lib, c"ok".as_ptr())), symbol);
    assert!(call!(veo_context_open(proc.0)).is_null());
    assert_eq!(call!(veo_get_context_state(ctx.0)) as u32, VEO_STATE_EXIT);
    assert_eq!(call!(veo_emu_pid(proc.0)), -1);
    call!(veo_context_sync(ctx.0));
}

fn exception(kernel: &str, signal: i32) -> veo_emu_fault {
    let (state, result, fault) = run(kernel, 3);
    assert_eq!(
        (state, result),
        (VEO_COMMAND_EXCEPTION, signal as u64),
        "{kernel}"
    );
    assert_eq!(fault.signal, signal, "{kernel}");
    fault
}

#[test]
fn invalid_memory_access() {
    let fault = exception("segv", libc::SIGSEGV);
    assert_eq!(fault.address, 0x1234);
    assert!(
        text(&fault.text).contains("SIGSEGV"),
        "{}",
        text(&fault.text)
    );
    assert!(text(&fault.text).contains("segv"));
}

#[test]
fn other_signals() {
    exception("bus", libc::SIGBUS);
    exception("fpe", libc::SIGFPE);
    exception("ill", libc::SIGILL);
    exception("abrt", libc::SIGABRT);
    exception("heap", libc::SIGABRT);
}

#[test]
fn stack_overflow() {
    let fault = exception("overflow", libc::SIGSEGV);
    assert!(
        text(&fault.text).contains("stack overflow"),
        "{}",
        text(&fault.text)
    );
}

#[test]
fn faults_on_other_threads_and_without_handler() {
    exception("quiet", libc::SIGSEGV);
    exception("thread_segv", libc::SIGSEGV);
}

#[test]
fn leaving_by_exit() {
    for kernel in ["leave", "leave_now"] {
        let (state, result, fault) = run(kernel, 3);
        assert_eq!((state, result), (VEO_COMMAND_ERROR, 0), "{kernel}");
        assert_eq!((fault.signal, fault.exit_status), (0, 3), "{kernel}");
    }
    let (state, result, fault) = run("leave_thread", 3);
    assert_eq!((state, result), (VEO_COMMAND_ERROR, 0));
    assert!(
        text(&fault.text).contains("pthread_exit"),
        "{}",
        text(&fault.text)
    );
    let (state, result, fault) = run("self_kill", 3);
    assert_eq!((state, result), (VEO_COMMAND_ERROR, 0));
    assert!(
        text(&fault.text).contains("SIGKILL"),
        "{}",
        text(&fault.text)
    );
}

#[test]
fn a_fault_on_a_further_context() {
    let (proc, lib) = started();
    let main = proc.open();
    let other = proc.open();
    let (nap, segv) = (proc.sym(lib, "nap"), proc.sym(lib, "segv"));
    let nap = main.call(nap, &Args::new().u64(0, 60_000));
    let guilty = other.call(segv, &Args::new());
    assert_eq!(
        other.wait(guilty),
        (VEO_COMMAND_EXCEPTION, libc::SIGSEGV as u64)
    );
    assert_eq!(main.wait(nap), (VEO_COMMAND_ERROR, 0));
    assert_eq!(proc.fault().unwrap().context, 1);
}

#[test]
fn an_exception_of_cpp() {
    if !has_cpp() {
        return;
    }
    let proc = Proc::new(0);
    let lib = proc.load(&compile(
        "#include <stdexcept>\n\
         extern \"C\" void escape() { throw std::runtime_error(\"out\"); }\n\
         extern \"C\" int inside() { try { throw 5; } catch (int x) { return x; } }\n",
    ));
    assert_eq!(proc.call(proc.sym(lib, "inside"), &Args::new()), (0, 5));
    let (state, signal) = proc.call(proc.sym(lib, "escape"), &Args::new());
    assert_eq!((state, signal), (-1, libc::SIGABRT as u64));
    assert_eq!(text(&proc.fault().unwrap().kernel), "escape");
}
