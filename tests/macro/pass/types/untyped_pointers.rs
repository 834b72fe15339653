//! `void *` takes memory of any type.
use std::ffi::c_void;

use veo_core::{NULL, OnStack, Result, VeMemPtr, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn copy(to: *mut c_void, from: *const core::ffi::c_void, bytes: usize) -> *mut c_void;

fn call(proc: &VeoProc) -> Result<()> {
    let mut x = proc.alloc::<f64>(8)?;
    let y = proc.alloc::<i8>(64)?;
    let address: VeMemPtr<c_void> = copy(proc, &mut x, &y, 64)?;
    copy(proc, address, NULL, 0)?;
    copy(proc, x.slice_mut(..)?, y.slice(..)?, 64)?;
    let mut z = [0u16; 4];
    copy(proc, OnStack::output(&mut z), OnStack::input(&1u64), 8)?;
    copy(proc, x.as_ptr(), y.as_ptr(), 8)?;
    Ok(())
}
