#[ve_kernel(lib = "libvetest.so")]
fn r#move(r#in: i32, _: f64, N: u8);
