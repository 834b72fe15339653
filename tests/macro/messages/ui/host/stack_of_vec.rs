use veo_core::{OnStack, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(data: OnStack<Vec<f64>>, factor: f64);

fn main() {}
