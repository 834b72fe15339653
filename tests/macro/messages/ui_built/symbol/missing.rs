use veo_core::ve_kernel;

#[ve_kernel(lib = "libbuilt.so")]
fn histogram(data: *const i64, n: u64) -> u32;

fn main() {}
