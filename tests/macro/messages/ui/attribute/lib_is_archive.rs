use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.a")]
fn scale(factor: f64);

fn main() {}
