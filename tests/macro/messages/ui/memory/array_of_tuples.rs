use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(rows: *mut [(f64, f64); 4]);

fn main() {}
