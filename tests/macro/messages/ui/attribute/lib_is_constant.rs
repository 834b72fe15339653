use veo_core::ve_kernel;

pub const LIBRARY: &str = "libk.so";

#[ve_kernel(lib = LIBRARY)]
fn scale(n: i32);

fn main() {}
