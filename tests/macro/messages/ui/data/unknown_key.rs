use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[ve_data(krate = veo_core)]
#[repr(C)]
struct Point {
    x: f64,
}

fn main() {}
