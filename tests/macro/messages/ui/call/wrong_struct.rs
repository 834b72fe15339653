use veo_core::{VeData, VeoProc, ve_kernel};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Point {
    x: f64,
    y: f64,
}

#[ve_kernel(lib = "libk.so")]
fn shift(point: &mut Point);

fn call(proc: &VeoProc, p: &mut [f64; 2]) {
    let _ = shift(proc, p);
}

fn main() {}
