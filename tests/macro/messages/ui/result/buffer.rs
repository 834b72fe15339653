use veo_core::{VeBuffer, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn mean(data: *const f64, n: u64) -> VeBuffer<f64>;

fn main() {}
