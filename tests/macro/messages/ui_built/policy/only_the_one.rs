use veo_core::ve_kernel;

#[ve_kernel(lib = "libbuilt.so")]
unsafe extern "C" {
    #[ve_kernel(verify = "off")]
    safe fn add(a: i64, b: *mut f64) -> i64;

    safe fn mean(data: *const f32, n: u64) -> f64;
}

fn main() {}
