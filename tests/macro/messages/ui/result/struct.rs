use veo_core::{VeData, ve_kernel};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
    y: f64,
}

#[ve_kernel(lib = "libk.so")]
fn mean(data: *const f64, n: u64) -> Point;

fn main() {}
