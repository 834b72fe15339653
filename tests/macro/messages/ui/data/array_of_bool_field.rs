use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
    y: [[bool; 2]; 3],
}

fn main() {}
