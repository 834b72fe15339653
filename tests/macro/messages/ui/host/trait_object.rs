use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(f: &dyn Fn(f64) -> f64);

fn main() {}
