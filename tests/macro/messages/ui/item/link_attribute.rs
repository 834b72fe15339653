use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
#[link(name = "k")]
unsafe extern "C" {
    safe fn scale(factor: f64);
}

fn main() {}
