use veo_core::{VeoContext, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(ctx: VeoContext, x: *mut f64);

fn main() {}
