use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
    y: *mut f64,
}

fn main() {}
