use std::ffi::c_void;

use veo_core::{VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn count(flags: *const c_void, n: u64) -> u64;

fn call(proc: &VeoProc) -> veo_core::Result<u64> {
    let flags = proc.upload(&[true, false])?;
    count(proc, &flags, flags.len() as u64)
}

fn main() {}
