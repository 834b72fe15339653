//! The time that the typed layer adds to a call: a stub of 8 arguments, waited for, against the
//! same call written against the raw table of functions, on the emulated node.
//!
//! Blocks of both alternate in one run; medians and 10th percentiles are compared. The goal is a ratio
//! of at most 1.05. And what a contract of two comparisons adds to a call: the goal is at most 10 ns.

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::iter;
use std::ptr;
use std::time::{Duration, Instant};

use veo_core::abi::ffi::{self, VeoApi};
use veo_core::{VeoContext, VeoProc, ve_kernel};

#[ve_kernel(lib = "libcoretest.so")]
#[allow(clippy::too_many_arguments)]
fn eight(a: i64, b: i32, c: f64, d: *mut f64, e: i64, f: f32, g: u64, h: f64) -> i64;

#[ve_kernel(lib = "libcoretest.so", name = "eight", requires(d.len() >= g, a >= 0))]
#[allow(clippy::too_many_arguments)]
fn with_contract(a: i64, b: i32, c: f64, d: *mut f64, e: i64, f: f32, g: u64, h: f64) -> i64;

const BLOCK: usize = 200;
const ROUNDS: usize = 400;

/// The same process and call, without the typed layer.
struct Raw {
    api: &'static VeoApi,
    ctx: *mut ffi::veo_thr_ctxt,
    args: *mut ffi::veo_args,
    function: u64,
    memory: u64,
}

impl Raw {
    fn new(library: &std::path::Path) -> Raw {
        let api = veo_emu::api();
        let path = std::ffi::CString::new(library.to_str().unwrap()).unwrap();
        // SAFETY: functions of the table, with handles and strings that they just gave
        // or that are valid here; results are checked below.
        unsafe {
            let proc = api.veo_emu_proc_create.unwrap()(0, ptr::null());
            let lib = api.veo_load_library.unwrap()(proc, path.as_ptr());
            let function = api.veo_get_sym.unwrap()(proc, lib, c"eight".as_ptr());
            api.veo_context_open.unwrap()(proc);
            let ctx = api.veo_context_open.unwrap()(proc);
            let mut memory = 0;
            api.veo_alloc_mem.unwrap()(proc, &raw mut memory, 64);
            assert!(function != 0 && memory != 0 && !ctx.is_null());
            Raw {
                api,
                ctx,
                args: api.veo_args_alloc.unwrap()(),
                function,
                memory,
            }
        }
    }

    fn call(&self, x: i64) -> i64 {
        let api = self.api;
        let mut result = 0;
        // SAFETY: the handles live as long as the program.
        unsafe {
            api.veo_args_clear.unwrap()(self.args);
            api.veo_args_set_i64.unwrap()(self.args, 0, x);
            api.veo_args_set_i64.unwrap()(self.args, 1, 2);
            api.veo_args_set_double.unwrap()(self.args, 2, 3.0);
            api.veo_args_set_i64.unwrap()(self.args, 3, self.memory.cast_signed());
            api.veo_args_set_i64.unwrap()(self.args, 4, 5);
            api.veo_args_set_float.unwrap()(self.args, 5, 6.0);
            api.veo_args_set_i64.unwrap()(self.args, 6, 7);
            api.veo_args_set_double.unwrap()(self.args, 7, 8.0);
            api.veo_emu_args_set_result.unwrap()(self.args, ffi::VEO_EMU_CLASS_INTEGER);
            let request = api.veo_call_async.unwrap()(self.ctx, self.function, self.args);
            let state = api.veo_call_wait_result.unwrap()(self.ctx, request, &raw mut result);
            assert!(state == 0);
        }
        result.cast_signed()
    }
}

fn block(mut call: impl FnMut(i64) -> i64) -> Duration {
    let start = Instant::now();
    for i in 0..BLOCK as i64 {
        assert!(black_box(call(black_box(i))) == i + 32);
    }
    start.elapsed() / BLOCK as u32
}

/// The value below which `percent` of the times lie.
fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[times.len() * percent / 100]
}

/// Times of blocks of two calls that take turns.
fn side_by_side(
    mut first: impl FnMut(i64) -> i64,
    mut second: impl FnMut(i64) -> i64,
) -> [Vec<Duration>; 2] {
    block(&mut first);
    block(&mut second);
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        times[0].push(block(&mut first));
        times[1].push(block(&mut second));
    }
    times
}

fn main() {
    let raw = Raw::new(common::library());
    let proc = VeoProc::new(0).expect("the emulated node is there");
    let ctx = proc.open_context().expect("a context can be opened");
    let mut memory = proc.alloc::<f64>(8).expect("there is memory");
    let typed_call = |x| {
        eight(&ctx, x, 2, 3.0, &mut memory, 5, 6.0, 7, 8.0)
            .and_then(veo_core::VeoRequest::wait)
            .expect("the kernel works")
    };
    let [mut typed, mut plain] = side_by_side(typed_call, |x| raw.call(x));
    for (name, percent) in [("median", 50), ("10th percentile", 10)] {
        let typed = percentile(&mut typed, percent);
        let plain = percentile(&mut plain, percent);
        println!(
            "a call with 8 arguments, waited for, {name}: typed {typed:?}, raw {plain:?}, \
             ratio {:.3}",
            typed.as_secs_f64() / plain.as_secs_f64()
        );
    }
    contracts(&ctx, &proc);
}

/// Calls that are queued, not waited for one by one: those take as long as the processes' wake-ups
/// happen to take.
fn contracts(ctx: &VeoContext, proc: &VeoProc) {
    let mut memory = proc.alloc::<f64>(8).expect("there is memory");
    let mut same = proc.alloc::<f64>(8).expect("there is memory");
    let without = |x| {
        drop(eight(ctx, x, 2, 3.0, &mut memory, 5, 6.0, 7, 8.0));
        x + 32
    };
    let with = |x| {
        drop(with_contract(ctx, x, 2, 3.0, &mut same, 5, 6.0, 7, 8.0));
        x + 32
    };
    let [mut without, mut with] = side_by_side(without, with);
    // The blocks follow each other, so other programs disturb both alike.
    let mut added: Vec<f64> = iter::zip(&without, &with)
        .map(|(without, with)| (with.as_secs_f64() - without.as_secs_f64()) * 1e9)
        .collect();
    added.sort_unstable_by(f64::total_cmp);
    println!(
        "a call that is queued, median: {:?}, with a contract of two comparisons {:?}; \
         the contract adds {:+.1} ns",
        percentile(&mut without, 50),
        percentile(&mut with, 50),
        added[added.len() / 2]
    );
    checks();
}

/// The check alone, of two comparisons.
fn checks() {
    use veo_core::__private::contract as c;

    const CHECKS: u32 = 1000;
    let mut times = Vec::new();
    // Short blocks, so that most of them are not interrupted.
    for _ in 0..5 * ROUNDS {
        let start = Instant::now();
        for round in 0..i64::from(CHECKS) {
            let (n, least) = (black_box(round), black_box(0_u64));
            let (n, least) = (c::look::<i64, _>(&n, true), c::look::<u64, _>(&least, true));
            let (n, least) = (
                c::value(&n, <i64 as c::Valued>::VALUE),
                c::value(&least, <u64 as c::Valued>::VALUE),
            );
            let order = <c::Integer as c::Compare<c::Integer>>::WITH;
            let condition = <c::Truth as c::Condition>::IS;
            for value in [c::at_least(n, least, order), c::at_most(least, n, order)] {
                assert!(c::verdict(value, condition).is_kept());
            }
        }
        times.push(start.elapsed());
    }
    for (name, percent) in [("median", 50), ("10th percentile", 10)] {
        let each = percentile(&mut times, percent).as_secs_f64() * 1e9 / f64::from(CHECKS);
        println!("the check of two comparisons alone, {name}: {each:.1} ns");
    }
}
