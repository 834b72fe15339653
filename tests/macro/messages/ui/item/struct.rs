use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
struct Scale {
    factor: f64,
}

fn main() {}
