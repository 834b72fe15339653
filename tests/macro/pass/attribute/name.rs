//! A link name that differs from the name in Rust.
use veo_core::{Result, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so", name = "_Z5scaled")]
fn scale(factor: f64) -> f64;

fn call(proc: &VeoProc) -> Result<f64> {
    scale(proc, 2.0)
}
