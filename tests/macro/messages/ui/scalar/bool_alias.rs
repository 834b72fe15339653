use veo_core::ve_kernel;

type Flag = bool;

#[ve_kernel(lib = "libk.so")]
fn scale(flag: Flag);

fn main() {}
