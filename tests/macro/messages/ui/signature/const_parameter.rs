use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale<const N: usize>(factor: f64);

fn main() {}
