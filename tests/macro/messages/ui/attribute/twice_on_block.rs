use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
#[ve_kernel(optional)]
unsafe extern "C" {
    safe fn scale(factor: f64);
    safe fn count(n: i32) -> i64;
}

fn main() {}
