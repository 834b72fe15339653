//! When requests run, as the emulated node notes it where that is asked for, compared with what
//! kernels themselves read from the system's clock.

mod common;

use common::*;
use veo_abi::ffi::*;

const KERNELS: &str = r#"
#include <stdint.h>
#include <time.h>
static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ul + t.tv_nsec;
}
void nap(uint64_t *span, uint64_t ms) {
    struct timespec t = { 0, ms * 1000000 };
    span[0] = now();
    if (ms)
        nanosleep(&t, 0);
    span[1] = now();
}
void crash(uint64_t *span) { span[0] = now(); *(volatile int *)16 = 1; }
"#;

/// The same clock, on the host.
fn now() -> u64 {
    // SAFETY: all bits zero are a valid time.
    let mut time: libc::timespec = unsafe { std::mem::zeroed() };
    // SAFETY: the time is valid for writing.
    let read = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    assert_eq!(read, 0);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn set_timed(proc: &Proc, timed: i32) {
    assert_eq!(
        call!(veo_emu_set_timed(proc.0, timed)),
        0,
        "{}",
        last_error()
    );
}

fn times(ctx: Ctx, requests: &[u64]) -> Vec<[u64; 2]> {
    let mut times = vec![
        veo_emu_times {
            started: 7,
            ended: 7
        };
        requests.len()
    ];
    let ids = requests.as_ptr();
    let count = call!(veo_emu_get_times(
        ctx.0,
        ids,
        requests.len(),
        times.as_mut_ptr()
    ));
    assert_eq!(count, requests.len());
    times.iter().map(|of| [of.started, of.ended]).collect()
}

/// Nanoseconds that times from the processor's counter may be away from those of the system's clock.
const APART: u64 = 5_000;

#[test]
fn a_call_is_said_to_run_while_it_runs() {
    let proc = Proc::new(0);
    let library = proc.load(&compile(KERNELS));
    let nap = proc.sym(library, "nap");
    // A context that is there before, and one that is opened afterwards.
    let before = proc.open();
    set_timed(&proc, 1);
    for ctx in [before, proc.open()] {
        let place = proc.alloc(16 * 600);
        // More than a ring takes, of which the first is slow.
        let queued = now();
        let requests: Vec<u64> = (0..600)
            .map(|n| {
                let ms = if n == 0 { 50 } else { 0 };
                ctx.call(nap, &Args::new().u64(0, place + 16 * n).u64(1, ms))
            })
            .collect();
        let (one_by_one, rest) = requests.split_at(300);
        let mut told = Vec::new();
        for id in one_by_one {
            ctx.ok(*id);
            told.extend(times(ctx, &[*id]));
        }
        for id in rest {
            ctx.ok(*id);
        }
        let collected = now();
        told.extend(times(ctx, rest));
        let own: Vec<u64> = proc.read(place, 2 * 600);
        let mut last = queued;
        for (n, [started, ended]) in told.into_iter().enumerate() {
            let [begin, end] = [own[2 * n], own[2 * n + 1]];
            assert!(
                last <= started + APART
                    && started <= begin + APART
                    && end <= ended + APART
                    && ended <= collected + APART,
                "{n}: {last} {started} {begin} {end} {ended} {collected}"
            );
            last = ended;
        }
        assert!(own[1] - own[0] >= 50_000_000);
        // They are told once.
        assert_eq!(times(ctx, &requests[..1]), [[0, 0]]);
    }
}

#[test]
fn a_transfer_is_said_to_run_while_it_runs() {
    let proc = Proc::new(0);
    let ctx = proc.open();
    set_timed(&proc, 1);
    let size = 8 << 20;
    let place = proc.alloc(size);
    let queued = now();
    let mut data = vec![1u8; size];
    let requests = [ctx.write(place, &data), ctx.read(&mut data, place)];
    for id in requests {
        ctx.ok(id);
    }
    let told = times(ctx, &requests).concat();
    let order = [&[queued], &*told, &[now()]].concat();
    assert!(order.is_sorted(), "{order:?}");
    assert!(told[0] < told[1] && told[2] < told[3], "{told:?}");
}

#[test]
fn nothing_is_noted_where_nobody_asks() {
    let proc = Proc::new(0);
    let library = proc.load(&compile(KERNELS));
    let nap = proc.sym(library, "nap");
    let place = proc.alloc(16);
    let ctx = proc.open();
    // Times of earlier requests in the same places must not appear.
    for timed in [0, 1, 0, 1, 1, 0] {
        set_timed(&proc, timed);
        let requests: Vec<u64> = (0..300)
            .map(|_| ctx.call(nap, &Args::new().u64(0, place).u64(1, 0)))
            .collect();
        let data = [1u8; 8];
        let written = ctx.write(place, &data);
        for id in &requests {
            ctx.ok(*id);
        }
        ctx.ok(written);
        let told = times(ctx, &[&*requests, &[written]].concat());
        let known = told.iter().filter(|span| **span != [0, 0]).count();
        assert_eq!(known, if timed == 1 { 301 } else { 0 });
    }
}

#[test]
fn a_call_that_ends_its_process_has_a_start_alone() {
    let proc = Proc::new(0);
    let library = proc.load(&compile(KERNELS));
    let place = proc.alloc(16);
    set_timed(&proc, 1);
    let ctx = proc.open();
    let nap = ctx.call(
        proc.sym(library, "nap"),
        &Args::new().u64(0, place).u64(1, 1),
    );
    let crash = proc.sym(library, "crash");
    let queued = now();
    let fatal = ctx.call(crash, &Args::new().u64(0, place));
    let behind = call!(veo_call_async(ctx.0, crash, Args::new().u64(0, place).0));
    ctx.ok(nap);
    assert_eq!(ctx.wait(fatal).0, VEO_COMMAND_EXCEPTION);
    let told = times(ctx, &[nap, fatal]);
    assert!(told[0][0] > 0 && told[0][0] < told[0][1], "{told:?}");
    let [started, ended] = told[1];
    assert!(
        started > queued.min(told[0][1]) && started < now(),
        "{told:?}"
    );
    assert_eq!(ended, 0);
    // The process may have ended before it came.
    if behind != VEO_REQUEST_ID_INVALID {
        assert_ne!(ctx.wait(behind).0, VEO_COMMAND_OK);
        assert_eq!(times(ctx, &[behind]), [[0, 0]]);
    }
}

#[test]
fn a_null_process_is_not_timed() {
    assert_eq!(call!(veo_emu_set_timed(std::ptr::null_mut(), 1)), -1);
    let proc = Proc::new(0);
    let ctx = proc.open();
    let nothing = call!(veo_emu_get_times(
        ctx.0,
        std::ptr::null(),
        3,
        std::ptr::null_mut()
    ));
    assert_eq!(nothing, 0);
    assert_eq!(times(ctx, &[0, 4711, u64::MAX]), [[0, 0]; 3]);
}
