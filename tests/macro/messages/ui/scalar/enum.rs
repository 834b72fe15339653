use veo_core::ve_kernel;

enum Mode {
    Fast,
    Exact,
}

#[ve_kernel(lib = "libk.so")]
fn scale(mode: Mode);

fn main() {}
