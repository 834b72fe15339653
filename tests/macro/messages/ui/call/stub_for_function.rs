use veo_core::{VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn apply(f: extern "C" fn(f64) -> f64) -> f64;

fn call(proc: &VeoProc) {
    let _ = apply(proc, "square");
}

fn main() {}
