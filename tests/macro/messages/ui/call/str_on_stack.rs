use std::ffi::c_char;

use veo_core::{OnStack, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn length(text: *const c_char) -> u64;

fn call(proc: &VeoProc) {
    let _ = length(proc, OnStack::input("text"));
}

fn main() {}
