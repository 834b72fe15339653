//! Ends of a process other than a crash: killed, by a time limit, another program in its place, a thread that is gone.

use std::time::{Duration, Instant};

use veo_abi::ffi::*;

use crate::common::*;
use crate::{KERNELS, started};

#[test]
fn an_endless_loop_is_killed() {
    let (proc, lib) = started();
    let ctx = proc.open();
    let id = ctx.call(proc.sym(lib, "loop"), &Args::new());
    let mut result = 0;
    let state = call!(veo_emu_wait_result_timeout(
        ctx.0,
        id,
        &mut result,
        50_000_000
    ));
    assert_eq!(state as u32, VEO_COMMAND_UNFINISHED);
    assert_eq!(ctx.peek(id).0, VEO_COMMAND_UNFINISHED);
    let waiter = std::thread::spawn(move || ctx.wait(id));
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(call!(veo_emu_kill(proc.0)), 0);
    assert_eq!(waiter.join().unwrap(), (VEO_COMMAND_ERROR, 0));
    assert!(text(&proc.fault().unwrap().text).contains("killed on request"));
}

#[test]
fn a_time_limit() {
    let proc = Proc::with(0, |options| options.time_limit_ms = 1000);
    let lib = proc.load(&compile(KERNELS));
    let ctx = proc.open();
    let nap = proc.sym(lib, "nap");
    // The limit holds for each request, not for all of them.
    let ids: Vec<u64> = (0..5)
        .map(|_| ctx.call(nap, &Args::new().u64(0, 250)))
        .collect();
    for id in ids {
        ctx.ok(id);
    }
    let id = ctx.call(proc.sym(lib, "loop"), &Args::new());
    assert_eq!(ctx.wait(id), (VEO_COMMAND_ERROR, 0));
    let report = text(&proc.fault().unwrap().text);
    assert!(
        report.contains("time limit") && report.contains("loop"),
        "{report}"
    );
}

#[test]
fn an_endless_loop_does_not_hold_destroy() {
    let (proc, lib) = started();
    let ctx = proc.open();
    let pid = proc.pid();
    ctx.call(proc.sym(lib, "loop"), &Args::new());
    let start = Instant::now();
    drop(proc);
    assert!(start.elapsed() < Duration::from_secs(60));
    // SAFETY: only asks whether the process exists.
    assert_eq!(unsafe { libc::kill(pid, 0) }, -1);
}

#[test]
fn a_kernel_that_calls_exec() {
    let (proc, lib) = started();
    let ctx = proc.open();
    let (exec, ok) = (proc.sym(lib, "become_another"), proc.sym(lib, "ok"));
    let args = Args::new().u64(0, 1);
    let id = ctx.call(exec, &args);
    let behind = call!(veo_call_async(ctx.0, ok, args.0));
    let start = Instant::now();
    assert_eq!(ctx.wait(id), (VEO_COMMAND_ERROR, 0));
    // The process may have ended before the call.
    if behind != VEO_REQUEST_ID_INVALID {
        assert_eq!(ctx.wait(behind), (VEO_COMMAND_ERROR, 0));
    }
    assert!(start.elapsed() < Duration::from_secs(60));
    let report = text(&proc.fault().unwrap().text);
    assert!(
        report.contains("exec") && report.contains("become_another"),
        "{report}"
    );
}

#[test]
fn a_thread_that_ends_without_a_word() {
    let (proc, lib) = started();
    let (main, other) = (proc.open(), proc.open());
    let (end, ok) = (proc.sym(lib, "end_thread"), proc.sym(lib, "ok"));
    let args = Args::new().u64(0, 1);
    // Only a wait notices the end.
    let (id, behind) = (other.call(end, &args), other.call(ok, &args));
    assert_eq!(other.wait(id), (VEO_COMMAND_ERROR, 0));
    assert_eq!(other.wait(behind), (VEO_COMMAND_ERROR, 0));
    let report = text(&proc.fault().unwrap().text);
    assert!(report.contains("thread of context 1"), "{report}");
    assert_eq!(call!(veo_get_context_state(main.0)) as u32, VEO_STATE_EXIT);
}

#[test]
fn killed_from_outside() {
    for signal in [libc::SIGKILL, libc::SIGTERM, libc::SIGSEGV] {
        let (proc, lib) = started();
        let (_main, ctx) = (proc.open(), proc.open());
        let id = ctx.call(proc.sym(lib, "loop"), &Args::new());
        let running = proc.sym(lib, "forever");
        while proc.read::<i32>(running, 1) == [0] {
            std::thread::sleep(Duration::from_millis(1));
        }
        // SAFETY: the process is ours.
        unsafe { libc::kill(proc.pid(), signal) };
        assert_eq!(ctx.wait(id), (VEO_COMMAND_ERROR, 0), "signal {signal}");
        let fault = proc.fault().unwrap();
        assert_eq!(fault.signal, signal);
        assert_eq!(text(&fault.kernel), "loop");
    }
}
