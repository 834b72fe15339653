use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", requires(n != 0 ? n > 8 : true))]
fn scale(n: i64, factor: f64, x: *mut f64) -> f64;

fn main() {}
