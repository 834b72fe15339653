/// Scales a vector.
#[ve_kernel(lib = "libscale.so", requires(x.len() >= n, n >= 0 && factor != 0.0, LIMIT < 8))]
fn scale(n: i64, factor: f64, x: *mut f64) -> f64;
