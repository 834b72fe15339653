use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
    y: i128,
}

fn main() {}
