use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    static TABLE: [f64; 8];
}

fn main() {}
