use veo_core::{VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(proc: &VeoProc, x: *mut f64);

fn main() {}
