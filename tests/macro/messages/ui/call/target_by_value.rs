use veo_core::{VeBuffer, VeoContext, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(factor: f64, data: *mut f64, n: i32) -> i64;

fn call(ctx: VeoContext, x: &mut VeBuffer<f64>) {
    let _ = scale(ctx, 2.0, x, 3);
}

fn main() {}
