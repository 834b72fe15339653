use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn name(n: i32) -> &'static str;

fn main() {}
