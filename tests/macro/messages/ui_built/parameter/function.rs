use veo_core::ve_kernel;

#[ve_kernel(lib = "libbuilt.so")]
fn apply(f: extern "C" fn(f32) -> f64, x: f64) -> f64;

fn main() {}
