use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(factor: impl Into<f64>);

fn main() {}
