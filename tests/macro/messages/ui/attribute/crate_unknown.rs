#[veo_core::ve_kernel(lib = "libk.so", crate = ::veo_cor)]
fn scale(factor: f64, data: *mut f64, f: extern "C" fn(f64) -> f64, points: &[f64]) -> *mut f64;

fn main() {}
