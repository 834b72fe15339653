use veo_core::ve_kernel;

use core::ffi::c_void;

#[ve_kernel(lib = "libk.so")]
fn scale(n: i32) -> c_void;

fn main() {}
