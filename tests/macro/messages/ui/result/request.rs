use veo_core::{VeoRequest, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(n: i32) -> VeoRequest<f64>;

fn main() {}
