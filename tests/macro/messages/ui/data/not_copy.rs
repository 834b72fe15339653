use veo_core::VeData;

#[derive(VeData)]
#[repr(C)]
struct Point {
    x: f64,
    y: f64,
}

fn main() {}
