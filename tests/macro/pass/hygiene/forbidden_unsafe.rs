//! In code that forbids `unsafe`.
#![forbid(unsafe_code)]

use veo_core::{VeData, VeOpaque, ve_kernel};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
}

#[derive(VeOpaque)]
struct Plan {
    _private: [u8; 0],
}

#[ve_kernel(lib = "libk.so")]
fn scale(point: &mut Point, plan: *mut Plan) -> i32;
