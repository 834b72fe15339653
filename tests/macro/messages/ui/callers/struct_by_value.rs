use veo_core::{VeData, VeoProc, ve_kernel};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
    y: f64,
}

#[ve_kernel(lib = "libk.so")]
fn shift(by: Point, n: i32) -> i64;

fn call(proc: &VeoProc) -> veo_core::Result<i64> {
    shift(proc, Point { x: 1.0, y: 2.0 }, 3)
}

fn main() {}
