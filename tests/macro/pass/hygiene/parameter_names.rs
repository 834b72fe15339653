//! Parameters of the names that an expansion uses.
#![allow(non_upper_case_globals)]

use veo_core::{Result, VeoProc, ve_kernel};

const constant: i64 = 3;

#[ve_kernel(lib = "libk.so")]
fn scale(__on: f64, __call: *mut f64, krate: i32, on: i32, self_: &f64, core: u8, veo_core: u8);

#[ve_kernel(lib = "libk.so")]
fn inner(call: &mut f64, KERNEL: i32, ctx_or_proc: i32, _call: i32, ___call: i32, _0: i32, _: i32);

#[ve_kernel(lib = "libk.so")]
fn upper(N: i32, A: *const f64, LDA: i32);

fn call(proc: &VeoProc) -> Result<()> {
    let _ = constant;
    scale(proc, 1.0, veo_core::NULL, 1, 2, &3.0, 4, 5)
}
