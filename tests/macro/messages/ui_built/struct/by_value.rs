use veo_core::{VeData, ve_kernel};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
    y: f64,
    tag: i32,
}

#[ve_kernel(lib = "libbuilt.so")]
fn norm_of(p: &Point) -> f64;

fn main() {}
