use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(mut factor: f64);

fn main() {}
