#[ve_kernel(lib = "libvetest.so", optional = true)]
fn wrong(a: bool, b: *mut String, c: i32, d: &f64) -> char;
