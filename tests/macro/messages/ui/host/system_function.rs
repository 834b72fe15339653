use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn map(f: extern "system" fn(f64) -> f64, x: *mut f64);

fn main() {}
