//! C strings.
use std::ffi::{CString, c_char};

use veo_core::{OnStack, Result, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn length(text: *const c_char) -> usize;

#[ve_kernel(lib = "libk.so")]
fn bytes(text: *const u8, signed: *const i8, any: *const core::ffi::c_void);

fn call(proc: &VeoProc) -> Result<usize> {
    let owned = CString::new("text").unwrap();
    bytes(
        proc,
        OnStack::cstr(&owned),
        OnStack::cstr(c"a"),
        OnStack::cstr(c"b"),
    )?;
    length(proc, OnStack::cstr(c"text"))
}
