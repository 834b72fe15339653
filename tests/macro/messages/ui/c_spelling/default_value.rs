use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(x: f64 = 1.0);

fn main() {}
