use std::num::NonZeroI32;

use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(n: NonZeroI32);

fn main() {}
