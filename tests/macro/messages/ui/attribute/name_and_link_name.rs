use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", name = "scale_")]
#[link_name = "scale"]
fn scale(factor: f64);

fn main() {}
