use veo_core::ve_kernel;

#[ve_kernel(lib = "libbuilt.so")]
fn mean(data: *const f64, n: u64) -> f32;

fn main() {}
