use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
    y: &'static f64,
}

fn main() {}
