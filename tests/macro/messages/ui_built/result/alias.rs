use veo_core::ve_kernel;

type Status = i32;

#[ve_kernel(lib = "libbuilt.so")]
fn count(data: *const i64, n: u64) -> Status;

fn main() {}
