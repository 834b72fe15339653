//! Literals take the declared type, also through an alias.
use std::ffi::{c_char, c_double, c_float, c_int, c_uchar, c_ulong};

use veo_core::{Result, VeoProc, ve_kernel};

type Real = f32;

#[ve_kernel(lib = "libk.so")]
fn plain(a: i8, b: u64, c: f32, d: f64);

#[ve_kernel(lib = "libk.so")]
#[rustfmt::skip]
fn aliases(a: c_char, b: c_uchar, c: c_int, d: c_ulong, e: c_float, f: c_double, g: Real) -> c_int;

fn call(proc: &VeoProc) -> Result<i32> {
    plain(proc, -1, 1 << 40, 1.5, -2.5)?;
    aliases(proc, -1, 2, 3, 1 << 40, 1.5, 2.5, -3.5)
}
