use veo_core::ve_kernel;

#[ve_kernel(lib)]
fn scale(factor: f64);

fn main() {}
