use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", nmae = "scale_")]
fn scale(on: bool, name: &str, mut factor: f64) -> Result<f64, String>;

fn main() {}
