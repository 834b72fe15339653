use veo_core::{VeBuffer, VeoContext, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale<T>(x: *mut T, n: i32) -> T;

fn call(ctx: &VeoContext, x: &mut VeBuffer<f64>) -> veo_core::Result<f64> {
    scale(ctx, x, 3)?.wait()
}

fn main() {}
