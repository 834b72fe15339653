//! Addresses as results, of data and of anything.
use std::ffi::{c_char, c_void};

use veo_core::{Result, VeMemPtr, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    safe fn table() -> *const f64;
    safe fn buffer(n: usize) -> *mut u8;
    safe fn text() -> *const c_char;
    safe fn any() -> *mut c_void;
    safe fn rows() -> *mut *mut f64;
}

fn call(proc: &VeoProc) -> Result<()> {
    let table: VeMemPtr<f64> = table(proc)?;
    let buffer: VeMemPtr<u8> = buffer(proc, 3)?;
    let text: VeMemPtr<c_char> = text(proc)?;
    let any: VeMemPtr<c_void> = any(proc)?;
    let rows: VeMemPtr<*mut f64> = rows(proc)?;
    let _ = (table, buffer, text, any, rows);
    Ok(())
}
