use veo_core::ve_kernel;

type Callback = extern "C" fn(f64, f64) -> f64;

#[ve_kernel(lib = "libbuilt.so")]
fn apply(f: Callback, x: f64) -> f64;

fn main() {}
