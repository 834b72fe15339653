use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", requires(#[cfg(test)] n > 0))]
fn scale(n: i64, factor: f64, x: *mut f64) -> f64;

fn main() {}
