//! Nothing of the standard library is in scope.
#![no_implicit_prelude]

use ::veo_core::{VeData, VeOpaque, VeoProc, ve_kernel};

#[derive(::core::clone::Clone, ::core::marker::Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
    y: [i32; 4],
}

#[derive(VeOpaque)]
struct Plan {
    _private: [u8; 0],
}

#[ve_kernel(lib = "libk.so")]
fn all(
    n: i32,
    x: *mut f64,
    p: &mut Point,
    q: &[Point],
    plan: *mut Plan,
    f: extern "C" fn(f64) -> f64,
) -> *mut Plan;

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    safe fn alias(n: ::core::ffi::c_int) -> ::core::ffi::c_long;
}

fn call(proc: &VeoProc) -> ::veo_core::Result<i64> {
    alias(proc, 3)
}
