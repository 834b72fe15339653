use veo_core::{VeMemPtr, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(data: VeMemPtr<&f64>, factor: f64);

fn main() {}
