use veo_core::{VeData, VeoProc, ve_kernel};

#[derive(Clone, Copy, VeData)]
struct Point {
    x: f64,
}

#[ve_kernel(lib = "libk.so")]
fn shift(point: &mut Point, points: *mut Point);

fn call(proc: &VeoProc, point: &mut Point) -> veo_core::Result<()> {
    shift(proc, point, veo_core::NULL)
}

fn main() {}
