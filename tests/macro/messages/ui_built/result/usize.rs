use veo_core::ve_kernel;

#[ve_kernel(lib = "libbuilt.so")]
fn add(a: i32, b: *mut f64) -> usize;

fn main() {}
