use veo_core::ve_kernel;

type Single = f32;

#[ve_kernel(lib = "libbuilt.so")]
fn times(n: i32, x: Single) -> f64;

fn main() {}
