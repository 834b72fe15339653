use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", name = "my scale")]
fn scale(factor: f64);

fn main() {}
