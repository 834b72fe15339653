#[ve_kernel(lib = "libvetest.so")]
pub fn add(a: i32, b: f64) -> i64;
