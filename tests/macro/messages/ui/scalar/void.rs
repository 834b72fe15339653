use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(nothing: core::ffi::c_void) -> i32;

fn main() {}
