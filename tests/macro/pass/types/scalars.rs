//! Every number by value, also as the result.
use veo_core::{Result, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
#[rustfmt::skip]
fn all(a: i8, b: i16, c: i32, d: i64, e: u8, f: u16, g: u32, h: u64, i: isize, j: usize, k: f32, l: f64);

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    safe fn get_i8() -> i8;
    safe fn get_i16() -> i16;
    safe fn get_i32() -> i32;
    safe fn get_i64() -> i64;
    safe fn get_u8() -> u8;
    safe fn get_u16() -> u16;
    safe fn get_u32() -> u32;
    safe fn get_u64() -> u64;
    safe fn get_isize() -> isize;
    safe fn get_usize() -> usize;
    safe fn get_f32() -> f32;
    safe fn get_f64() -> f64;
    safe fn get_nothing() -> ();
}

fn call(p: &VeoProc) -> Result<()> {
    all(
        p,
        get_i8(p)?,
        get_i16(p)?,
        get_i32(p)?,
        get_i64(p)?,
        get_u8(p)?,
        get_u16(p)?,
        get_u32(p)?,
        get_u64(p)?,
        get_isize(p)?,
        get_usize(p)?,
        get_f32(p)?,
        get_f64(p)?,
    )?;
    get_nothing(p)
}
