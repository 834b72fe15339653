use veo_core::ve_kernel;

#[ve_kernel(lib = " libvetest.so")]
fn scale(n: i32);

fn main() {}
