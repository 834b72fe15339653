use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(done: &mut bool);

fn main() {}
