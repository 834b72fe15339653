use veo_core::{VeData, ve_kernel};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
    y: i64,
    tag: i32,
}

#[ve_kernel(lib = "libbuilt.so")]
fn shift(p: &mut Point, by: f32);

fn main() {}
