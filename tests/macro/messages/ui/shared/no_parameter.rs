use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", shared(y))]
fn fill(x: *mut f64, n: i64);

fn main() {}
