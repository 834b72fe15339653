use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn shift((x, y): (f64, f64));

fn main() {}
