use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    #[ve_kernel(requires(x.len() >= n, factor > 0))]
    safe fn scale(n: i64, factor: f64, x: *mut f64) -> f64;
}

fn main() {}
