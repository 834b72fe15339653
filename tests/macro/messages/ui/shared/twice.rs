use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", shared(x), shared(y))]
fn fill(x: *mut f64, y: *mut f64);

fn main() {}
