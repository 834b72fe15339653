use veo_core::ve_kernel;

#[ve_kernel(lib = "libbuilt.so", name = "daxpy_")]
fn daxpy(n: i32, alpha: &f64, x: *const f64, y: *mut f64);

fn main() {}
