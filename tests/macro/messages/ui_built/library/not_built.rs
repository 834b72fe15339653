#![deny(deprecated)]

use veo_core::ve_kernel;

#[ve_kernel(lib = "libelse.so")]
fn count(data: *const i64, n: u64) -> u32;

fn main() {}
