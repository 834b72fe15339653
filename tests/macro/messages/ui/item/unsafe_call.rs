use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    fn scale(factor: f64);
}

fn call(proc: &veo_core::VeoProc) {
    let _ = scale(proc, 2.0);
}

fn main() {}
