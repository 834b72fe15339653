use veo_core::{VeAddr, VeData, ve_kernel};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct List<P: VeData> {
    next: VeAddr<List<P>>,
    data: VeAddr<f64>,
    at: VeAddr<P>,
}

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
    y: f64,
    tag: i32,
}

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Pixel {
    x: f64,
    y: f64,
    tag: f32,
}

#[ve_kernel(lib = "libbuilt.so", name = "total")]
fn right(l: &List<Point>) -> f64;

#[ve_kernel(lib = "libbuilt.so", name = "total")]
fn wrong(l: &List<Pixel>) -> f64;

fn main() {}
