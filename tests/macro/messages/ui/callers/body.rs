//! The caller of a wrong declaration is right: one error, not two.

use veo_core::{OnStack, VeBuffer, VeoContext, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn count(n: i32) -> i32 {
    n + 1
}

fn call(proc: &VeoProc, ctx: &VeoContext, x: &mut VeBuffer<f64>) -> veo_core::Result<()> {
    let _ = (x, OnStack::input(&0));
    assert_eq!(count(proc, 3)?, count(ctx, 3)?.wait()?);
    Ok(())
}

fn main() {}
