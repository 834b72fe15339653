use veo_core::{OnStack, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(x: OnStack<&mut [f64]>);

fn main() {}
