use veo_core::ve_kernel;

#[ve_kernel(lib = "libbuilt.so")]
unsafe extern "C" {
    #[cfg(not(all()))]
    safe fn histogram(data: *const i64) -> u32;

    #[cfg_attr(all(), ve_kernel(name = "add"))]
    safe fn sum(a: u32, b: *mut f64) -> i64;
}

fn main() {}
