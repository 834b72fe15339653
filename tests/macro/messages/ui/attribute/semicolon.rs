use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so"; optional)]
fn scale(factor: f64);

fn main() {}
