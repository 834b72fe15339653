use veo_core::{VeBuffer, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(x: &mut VeBuffer<f64>);

fn main() {}
