use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so" name = "scale_")]
fn scale(n: i32);

fn main() {}
