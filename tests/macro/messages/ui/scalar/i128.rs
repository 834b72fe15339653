use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(factor: i128);

fn main() {}
