use veo_core::{VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(factor: f64, data: *mut f64, n: i32) -> i64;

fn call(proc: &VeoProc) {
    let _ = scale(proc, 2.0, None::<f64>, 3);
}

fn main() {}
