use veo_core::{VeBuffer, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(data: VeBuffer<f64>);

fn main() {}
