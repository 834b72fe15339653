use veo_core::ve_kernel;

#[ve_kernel(lib = "libbuilt.so")]
fn add(a: f32, b: *mut f64) -> i64;

fn main() {}
