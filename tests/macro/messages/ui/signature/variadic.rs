use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    safe fn print(format: *const i8, ...);
}

fn main() {}
