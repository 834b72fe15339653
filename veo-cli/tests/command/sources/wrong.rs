//! Declarations that contradict shapes.c, one mistake each.

use veo_core::{VeData, ve_kernel};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
pub struct Point {
    pub x: f32,
    pub y: f64,
    pub next: u64,
}

#[ve_kernel(lib = "libshapes.so")]
unsafe extern "C" {
    pub safe fn sum(x: *const f32, n: i64) -> f64;
    pub safe fn scale(x: *mut f64, n: i32, by: f64);
    pub safe fn narrow(x: u8) -> i8;
    pub safe fn twice(x: f64);
    pub safe fn lenght(text: *const i8) -> i64;
    pub safe fn norm2(p: *const Point) -> f64;
    pub safe fn half(x: f32, y: f32) -> f32;
    pub safe fn other(x: String);
}

#[ve_kernel(lib = "libelsewhere.so")]
pub fn unrelated(x: i64) -> i64;
