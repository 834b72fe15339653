use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", optional = true)]
fn scale(factor: f64);

fn main() {}
