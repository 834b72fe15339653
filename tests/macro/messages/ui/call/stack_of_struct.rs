use std::ffi::c_void;

use veo_core::{OnStack, VeoProc, ve_kernel};

#[derive(Clone, Copy)]
#[repr(C)]
struct Point {
    x: f64,
    y: f64,
}

#[ve_kernel(lib = "libk.so")]
fn length(point: *const c_void) -> f64;

fn call(proc: &VeoProc, point: &Point) {
    let _ = length(proc, OnStack::input(point));
}

fn main() {}
