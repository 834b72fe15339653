use veo_core::{VeBuffer, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(factor: f64, data: *mut f64, n: i32) -> i64;

fn call(x: &mut VeBuffer<f64>) {
    let _ = scale(&0, 2.0, x, 3);
}

fn main() {}
