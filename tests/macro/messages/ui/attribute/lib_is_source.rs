use veo_core::ve_kernel;

#[ve_kernel(lib = "vetest.c")]
fn scale(n: i32);

fn main() {}
