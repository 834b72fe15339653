use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(factor: f64)
where
    f64: Copy;

fn main() {}
