//! Parameters of the names that constants and the like have where the declaration stands.
#![allow(non_upper_case_globals, non_camel_case_types, unused_macros)]

use std::ffi::c_int;

use veo_core::{OnStack, Result, VeoProc, ve_kernel};

use self::color::{blue, red};

const N: i32 = 64;
const unit: () = ();
const ctx_or_proc: u8 = 1;
static LDA: i32 = 64;
static mut COUNT: i32 = 0;
struct A;
struct B(i32);
enum color {
    red,
    blue(i32),
}
macro_rules! scale {
    () => {};
}
macro_rules! x {
    () => {};
}
thread_local! {
    static LOCAL: i32 = const { 1 };
}

#[ve_kernel(lib = "libk.so")]
fn solve(N: i32, LDA: &i32, A: *const f64, B: &mut [f64], unit: c_int, LOCAL: i32) -> i32;

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    safe fn paint(red: i32, blue: extern "C" fn(f64), scale: f64, x: *mut f64);
    safe fn count(COUNT: i32, ctx_or_proc: i32, _: i32, _: i32, Some: i32, drop: i32);
}

fn in_a_function(proc: &VeoProc) -> Result<i32> {
    const n: f64 = 1.0;
    static m: f64 = 1.0;
    #[ve_kernel(lib = "libk.so")]
    fn inner(n: i32, m: &f64) -> i32;
    inner(proc, (n + m) as i32, &m)
}

fn call(proc: &VeoProc) -> Result<i32> {
    let _ = (N, unit, LDA, A, B(1), red, blue(1), ctx_or_proc);
    paint(proc, 1, veo_core::NULL, 2.0, OnStack::inout(&mut [3.0]))?;
    count(proc, 1, 2, 3, 4, 5, 6)?;
    solve(proc, 1, &2, veo_core::NULL, &mut [3.0], 4, 5)
}
