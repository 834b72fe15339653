#[derive(Clone, Copy, VeData)]
#[ve_data(crate = prelude::veo)]
#[repr(C)]
struct Point {
    x: f64,
    level: Level,
}
