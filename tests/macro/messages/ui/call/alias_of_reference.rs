use veo_core::{VeoProc, ve_kernel};

type Values<'a> = &'a [f64];

#[ve_kernel(lib = "libk.so")]
fn sum(values: Values<'_>) -> f64;

fn call(proc: &VeoProc) {
    let _ = sum(proc, &[1, 2, 3]);
}

fn main() {}
