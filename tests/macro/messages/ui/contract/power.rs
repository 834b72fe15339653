use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", requires(n ** 2 < 64))]
fn scale(n: i64, factor: f64, x: *mut f64) -> f64;

fn main() {}
