use veo_core::{VeMemPtr, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn invert(flags: VeMemPtr<bool>, n: u64);

fn main() {}
