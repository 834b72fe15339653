#[ve_kernel(lib = "libparts.so", shared(x))]
fn fill_part(x: *mut f64, n: i64, part: i64);
