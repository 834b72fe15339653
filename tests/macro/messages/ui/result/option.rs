use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn mean(data: *const f64, n: u64) -> Option<i64>;

fn main() {}
