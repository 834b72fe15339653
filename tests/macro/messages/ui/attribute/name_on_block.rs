use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so", name = "scale_")]
unsafe extern "C" {
    safe fn scale(factor: f64);
    safe fn shift(by: f64);
}

fn main() {}
