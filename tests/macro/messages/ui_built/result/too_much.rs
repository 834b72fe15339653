use veo_core::ve_kernel;

#[ve_kernel(lib = "libbuilt.so")]
fn shift(p: *mut core::ffi::c_void, by: f32) -> i32;

fn main() {}
