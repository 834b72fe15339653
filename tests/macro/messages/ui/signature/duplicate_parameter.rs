use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(n: i32, n: i64);

fn main() {}
