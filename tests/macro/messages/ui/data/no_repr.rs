use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
struct Point {
    x: f64,
    y: f64,
}

fn main() {}
