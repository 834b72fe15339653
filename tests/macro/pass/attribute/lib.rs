//! A library by its file name.
use veo_core::{Result, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn nothing();

fn call(proc: &VeoProc) -> Result<()> {
    nothing(proc)
}
