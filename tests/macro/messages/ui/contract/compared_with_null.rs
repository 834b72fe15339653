use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", requires(x != NULL))]
fn scale(n: i64, factor: f64, x: *mut f64) -> f64;

fn main() {}
