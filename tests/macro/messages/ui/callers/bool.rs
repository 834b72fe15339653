//! The caller of a wrong declaration is right: one error, not two.

use veo_core::{OnStack, VeBuffer, VeoContext, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(on: bool, x: *mut f64) -> i64;

fn call(proc: &VeoProc, ctx: &VeoContext, x: &mut VeBuffer<f64>) -> veo_core::Result<()> {
    let n: i64 = scale(proc, true, &mut *x)?;
    let m = scale(ctx, n > 0, OnStack::inout(&mut [0.0; 3]))?.wait()?;
    assert_eq!(n + 1, m);
    Ok(())
}

fn main() {}
