use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(x: Option<&f64>) -> i32;

fn main() {}
