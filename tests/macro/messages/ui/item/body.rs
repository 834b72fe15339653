use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(factor: f64, data: &mut [f64]) {
    for x in data {
        *x *= factor;
    }
}

fn main() {}
