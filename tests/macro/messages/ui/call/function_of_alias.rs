use veo_core::{VeoProc, ve_kernel};

type Map = extern "C" fn(f64) -> f64;

#[ve_kernel(lib = "libk.so")]
fn map(f: Map, x: *mut f64);

extern "C" fn square(x: f64) -> f64 {
    x * x
}

fn call(proc: &VeoProc) {
    let _ = map(proc, square, veo_core::NULL);
}

fn main() {}
