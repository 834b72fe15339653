//! Kernels may do these things to their process, or use these up, without ending it.

use std::time::{Duration, Instant};

use veo_abi::ffi::*;

use crate::common::*;
use crate::started;

#[test]
fn jumping_to_where_nobody_waits_hurts_nobody_else() {
    let (proc, lib) = started();
    let ctx = proc.open();
    let none = Args::new();
    ctx.ok(ctx.call(proc.sym(lib, "set_place"), &none));
    let id = ctx.call(proc.sym(lib, "jump"), &none);
    // Undefined in C: it may return or fault, but the wait ends and the host lives.
    let (state, _) = ctx.wait(id);
    assert!([VEO_COMMAND_OK, VEO_COMMAND_ERROR, VEO_COMMAND_EXCEPTION].contains(&state));
}

#[test]
fn the_machine_takes_a_ve_process_first_if_it_runs_out_of_memory() {
    let score = |process: &str| -> i32 {
        let path = format!("/proc/{process}/oom_score_adj");
        let score = std::fs::read_to_string(path).unwrap();
        score.trim().parse().unwrap()
    };
    let before = score("self");
    let (proc, _) = started();
    assert_eq!(score(&proc.pid().to_string()), 1000);
    assert_eq!(score("self"), before);
}

#[test]
fn closing_all_descriptors() {
    // Closed, or something else in their place.
    for kernel in ["close_all", "take_descriptors"] {
        let (proc, lib) = started();
        let ctx = proc.open();
        ctx.ok(ctx.call(proc.sym(lib, kernel), &Args::new()));
        let (ok, args) = (proc.sym(lib, "ok"), Args::new().u64(0, 1));
        // Operations that need no descriptor still work; opening a context fails, with a reason.
        assert_eq!(ctx.ok(ctx.call(ok, &args)), 2);
        let start = Instant::now();
        assert!(call!(veo_context_open(proc.0)).is_null());
        assert!(start.elapsed() < Duration::from_secs(60), "{kernel}");
        assert!(last_error().contains("descriptors"), "{}", last_error());
        assert_eq!(ctx.ok(ctx.call(ok, &args)), 2);
    }
}

#[test]
fn a_kernel_that_has_itself_traced() {
    let (proc, lib) = started();
    let (main, other) = (proc.open(), proc.open());
    let (trace, ok) = (proc.sym(lib, "trace_me"), proc.sym(lib, "ok"));
    // If that is forbidden, it fails, which is as good.
    for ctx in [main, other] {
        ctx.ok(ctx.call(trace, &Args::new()));
        assert_eq!(ctx.ok(ctx.call(ok, &Args::new().u64(0, 1))), 2);
    }
    let pid = proc.pid();
    drop(proc);
    // SAFETY: only asks whether the process exists.
    assert_eq!(unsafe { libc::kill(pid, 0) }, -1);
}

#[test]
fn a_fault_of_a_kernel_that_has_itself_traced() {
    let (proc, lib) = started();
    let ctx = proc.open();
    let id = ctx.call(proc.sym(lib, "trace_me_and_fault"), &Args::new());
    assert_ne!(ctx.wait(id).0, VEO_COMMAND_OK);
    assert!(proc.fault().is_some());
}

#[test]
fn a_kernel_that_overwrites_the_rings() {
    for byte in [0, 0xff] {
        let (proc, lib) = started();
        let (main, other) = (proc.open(), proc.open());
        let (wipe, ok) = (proc.sym(lib, "wipe_rings"), proc.sym(lib, "ok"));
        let wiped = main.call(wipe, &Args::new().u64(0, byte));
        // The result is open, but there must be one.
        main.wait(wiped);
        for ctx in [main, other] {
            for _ in 0..3 {
                let id = ctx.call(ok, &Args::new().u64(0, 1));
                let (state, value) = ctx.wait(id);
                assert!(
                    state != VEO_COMMAND_OK || value == 2,
                    "{byte:#x}: {state} {value}"
                );
            }
        }
    }
}

#[test]
fn a_kernel_that_damages_what_is_queued_behind_it() {
    type Argument = fn(u64) -> u64;
    let cases: [(&str, Argument); 2] = [("wipe_rings", |_| 0), ("forge_ids", |ok| ok)];
    for (kernel, argument) in cases {
        let (proc, lib) = started();
        let (ctx, ok) = (proc.open(), proc.sym(lib, "ok"));
        let (nap, damage) = (proc.sym(lib, "nap"), proc.sym(lib, kernel));
        // All three are in the ring before the second runs.
        ctx.call(nap, &Args::new().u64(0, 200));
        ctx.call(damage, &Args::new().u64(0, argument(ok)));
        let damaged = ctx.call(ok, &Args::new().u64(0, 1));
        assert_ne!(ctx.wait(damaged).0, VEO_COMMAND_OK, "{kernel}");
        let report = text(&proc.fault().unwrap().text);
        assert!(report.contains("overwrite"), "{kernel}: {report}");
    }
}

#[test]
fn signals_that_a_kernel_keeps_for_itself() {
    for kernel in ["handle", "block", "another_stack"] {
        let (proc, lib) = started();
        let (main, other) = (proc.open(), proc.open());
        for ctx in [main, other] {
            ctx.ok(ctx.call(proc.sym(lib, kernel), &Args::new()));
        }
        // Copies where nothing is, or nothing may be written, fail as ever.
        let mut word = 0u64;
        let place = (&raw mut word).cast();
        assert!(call!(veo_read_mem(proc.0, place, 0x10, 8)) < 0, "{kernel}");
        let ok = proc.sym(lib, "ok");
        let bytes = (&raw const word).cast();
        assert!(call!(veo_write_mem(proc.0, ok, bytes, 8)) < 0, "{kernel}");
        let args = Args::new().u64(0, 1);
        for ctx in [main, other] {
            assert_eq!(ctx.ok(ctx.call(ok, &args)), 2, "{kernel}");
        }
        // The kernel's handling of signals stays as it set it.
        if kernel == "handle" {
            assert_eq!(main.ok(main.call(proc.sym(lib, kernel), &Args::new())), 5);
        }
        assert_eq!(call!(veo_context_close(other.0)), 0);
        assert_eq!(main.ok(main.call(ok, &args)), 2, "{kernel}");
        assert!(proc.fault().is_none());
    }
}

#[test]
fn a_forked_child_of_a_kernel_ends_with_it() {
    let (proc, lib) = started();
    let ctx = proc.open();
    let args = Args::new().u64(0, 1);
    for _ in 0..3 {
        ctx.ok(ctx.call(proc.sym(lib, "branch"), &args));
        assert_eq!(ctx.ok(ctx.call(proc.sym(lib, "ok"), &args)), 2);
    }
}

#[test]
fn the_end_of_a_forked_child_is_not_that_of_the_process() {
    for (how, status) in [
        (0, 3 << 8),
        (1, libc::SIGSEGV),
        (2, libc::SIGABRT),
        (3, 1 << 8),
    ] {
        let (proc, lib) = started();
        let ctx = proc.open();
        let args = Args::new().u64(0, how);
        const CORE: i32 = 0x80;
        let seen = ctx.ok(ctx.call(proc.sym(lib, "ends_forked"), &args)) as i32;
        assert_eq!(seen & !CORE, status, "{how}");
        assert!(proc.fault().is_none(), "{how}");
        // What ends the process itself is told.
        ctx.call(proc.sym(lib, "segv"), &Args::new());
        call!(veo_context_sync(ctx.0));
        let fault = proc.fault().expect("a report");
        assert_eq!(text(&fault.kernel), "segv", "{how}");
    }
}

#[test]
fn memory_of_the_node_runs_out() {
    let proc = Proc::with(3, |options| options.memory = 1 << 20);
    let mut blocks = Vec::new();
    let mut address = 0;
    while call!(veo_alloc_mem(proc.0, &mut address, 100_000)) == 0 {
        blocks.push(address);
        assert!(blocks.len() <= 10);
    }
    assert_eq!(blocks.len(), 10);
    assert!(last_error().contains("100000 bytes"), "{}", last_error());
    assert_eq!(call!(veo_alloc_mem(proc.0, &mut address, usize::MAX)), -1);
    let ctx = proc.open();
    let id = call!(veo_alloc_mem_async(ctx.0, 100_000));
    assert_eq!(ctx.wait(id), (VEO_COMMAND_OK, 0));
    for block in blocks {
        assert_eq!(call!(veo_free_mem(proc.0, block)), 0);
    }
    let id = call!(veo_alloc_mem_async(ctx.0, 1 << 20));
    let block = ctx.ok(id);
    assert_ne!(block, 0);
    ctx.ok(call!(veo_free_mem_async(ctx.0, block)));
}
