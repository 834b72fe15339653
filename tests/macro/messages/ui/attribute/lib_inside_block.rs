use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    #[ve_kernel(lib = "libl.so")]
    safe fn scale(factor: f64);
}

fn main() {}
