#[ve_kernel(lib = "libblas.so", name = "daxpy_", optional)]
fn daxpy(n: &i32, alpha: &f64, x: *const f64, incx: &i32, y: *mut f64, incy: &i32);
