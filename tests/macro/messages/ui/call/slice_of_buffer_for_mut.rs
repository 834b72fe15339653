use veo_core::{VeBuffer, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(factor: f64, data: *mut f64, n: i32) -> i64;

fn call(proc: &VeoProc, x: &VeBuffer<f64>) -> veo_core::Result<i64> {
    scale(proc, 2.0, x.slice(0..2)?, 2)
}

fn main() {}
