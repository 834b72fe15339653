use veo_core::{VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn apply(f: extern "C" fn(f64) -> f64);

fn call(proc: &VeoProc, f: extern "C" fn(f64) -> f64) {
    let _ = apply(proc, f);
}

fn main() {}
