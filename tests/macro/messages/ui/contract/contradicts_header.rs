use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    #[ve_kernel(requires(n > 0, 4 > x.len()), bounds(x.len() >= 4))]
    safe fn first(n: i64, x: *mut f64);

    #[ve_kernel(requires(4 > x.len()), bounds(x.len() >= 4), verify = "off")]
    safe fn second(x: *mut f64);
}

fn main() {}
