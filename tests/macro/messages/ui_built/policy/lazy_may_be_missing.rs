use veo_core::ve_kernel;

#[ve_kernel(lib = "libbuilt.so", lazy)]
unsafe extern "C" {
    safe fn histogram(data: *const i64) -> u32;

    safe fn add(a: u32, b: *mut f64) -> i64;
}

fn main() {}
