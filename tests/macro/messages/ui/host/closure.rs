use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(f: fn(f64) -> f64);

fn main() {}
