/// Multiplies every element by `factor`.
#[ve_kernel(lib = "libvetest.so")]
pub fn scale(factor: f64, from: *const f64, to: *mut f64, n: u64);
