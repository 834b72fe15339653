use std::ffi::c_void;

use veo_core::{VeBuffer, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn fill(data: *mut c_void, size: u64);

fn call(proc: &VeoProc, x: &VeBuffer<f64>) {
    let _ = fill(proc, x, 8);
}

fn main() {}
