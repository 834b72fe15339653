use veo_core::ve_kernel;

#[ve_kernel(lib = "libbuilt.so")]
fn norm(x: *const f64, n: i32) -> f64;

fn main() {}
