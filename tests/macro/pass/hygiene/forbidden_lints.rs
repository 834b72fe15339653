//! Lints that nothing here has to be excepted from.
#![forbid(deprecated, unused_qualifications)]

use veo_core::{VeData, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(x: *mut f64, point: &Point) -> i32;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
}
