use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
mod kernels {}

fn main() {}
