use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn open(name: &std::ffi::CStr);

fn main() {}
