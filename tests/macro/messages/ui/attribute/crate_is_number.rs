use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", crate = 3)]
fn scale(factor: f64);

fn main() {}
