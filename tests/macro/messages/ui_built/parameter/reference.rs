use veo_core::ve_kernel;

#[ve_kernel(lib = "libbuilt.so")]
fn add(a: i32, b: &mut [f32]) -> i64;

fn main() {}
