use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(data: *mut ());

fn main() {}
