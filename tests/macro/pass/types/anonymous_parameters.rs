//! Parameters without a name, as in many C headers.
use veo_core::{Result, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn unnamed(_: i32, _: f64, _unused: u8) -> i32;

fn call(proc: &VeoProc) -> Result<i32> {
    unnamed(proc, 1, 2.0, 3)
}
