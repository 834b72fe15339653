use veo_core::{VeData, VeoProc, ve_kernel};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
    y: f64,
}

#[ve_kernel(lib = "libk.so")]
fn centre(n: i32) -> Point;

fn call(proc: &VeoProc) -> veo_core::Result<f64> {
    Ok(centre(proc, 3)?.x)
}

fn main() {}
