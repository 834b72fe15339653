//! Addresses of functions on the VE.
use std::ffi::c_void;

use veo_core::{FnAddr, NULL, Result, VeMemPtr, VeoFunction, VeoProc, ve_kernel};

type Callback = FnAddr;

#[ve_kernel(lib = "libk.so")]
fn apply(
    f: extern "C" fn(f64) -> f64,
    g: Option<unsafe extern "C" fn(*mut c_void, i32)>,
    h: Callback,
    x: *mut f64,
);

#[ve_kernel(lib = "libk.so")]
fn pick(n: i32) -> *const c_void;

fn call(proc: &VeoProc, g: &VeoFunction) -> Result<()> {
    let f: VeMemPtr<c_void> = pick(proc, 1)?;
    apply(proc, f, NULL, g, NULL)?;
    apply(proc, g, g, f, NULL)
}
