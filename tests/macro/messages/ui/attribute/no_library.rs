use veo_core::ve_kernel;

#[ve_kernel]
fn scale(factor: f64, data: *mut f64);

fn main() {}
