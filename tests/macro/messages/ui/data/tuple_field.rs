use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
    y: (f64, f64),
}

fn main() {}
