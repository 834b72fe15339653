use veo_core::ve_kernel;

#[ve_kernel(lip = "libk.so")]
fn scale(n: i32);

fn main() {}
