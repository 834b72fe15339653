use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
#[unsafe(no_mangle)]
fn scale(factor: f64);

fn main() {}
