use veo_core::ve_kernel;

#[repr(C)]
struct Point {
    x: f64,
    y: f64,
}

#[ve_kernel(lib = "libk.so")]
fn scale(point: &Point);

fn main() {}
