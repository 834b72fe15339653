use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", static)]
fn scale(factor: f64);

fn main() {}
