use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale([x, y]: &[f64; 2]);

fn main() {}
