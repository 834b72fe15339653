use veo_core::{VeoFunction, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn apply(f: &VeoFunction, x: f64) -> f64;

fn main() {}
