//! Names of functions, as C headers have them.
use std::ffi::c_void;

use veo_core::{NULL, Result, VeMemPtr, VeoFunction, VeoProc, ve_kernel};

type Map = extern "C" fn(f64) -> f64;
type Callback = Option<unsafe extern "C" fn(*mut c_void, i32)>;
type Nothing = unsafe extern "C" fn();

#[ve_kernel(lib = "libk.so")]
fn map(f: Map, done: Callback, nothing: Nothing);

fn call(proc: &VeoProc, f: &VeoFunction, at: VeMemPtr<c_void>) -> Result<()> {
    map(proc, f, f, f)?;
    map(proc, at, NULL, at)?;
    map(proc, NULL, at, NULL)
}
