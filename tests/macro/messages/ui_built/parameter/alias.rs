use veo_core::ve_kernel;

use std::ffi::c_int;

#[ve_kernel(lib = "libbuilt.so")]
fn count(data: *const i64, n: c_int) -> u32;

fn main() {}
