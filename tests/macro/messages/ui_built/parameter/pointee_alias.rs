use veo_core::ve_kernel;

type Real = f32;

#[ve_kernel(lib = "libbuilt.so")]
fn mean(data: *const Real, n: u64) -> f64;

fn main() {}
