use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", shared(x))]
fn sum(x: *const f64, n: i64) -> f64;

fn main() {}
