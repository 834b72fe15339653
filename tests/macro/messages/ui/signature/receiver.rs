use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(&self, factor: f64);

fn main() {}
