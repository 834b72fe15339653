use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", lib = "libl.so")]
fn scale(factor: f64);

fn main() {}
