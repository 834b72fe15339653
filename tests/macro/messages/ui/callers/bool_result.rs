//! The caller of a wrong declaration is right: one error, not two.

use veo_core::{OnStack, VeBuffer, VeoContext, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn positive(x: *const f64) -> bool;

fn call(proc: &VeoProc, ctx: &VeoContext, x: &mut VeBuffer<f64>) -> veo_core::Result<()> {
    if positive(proc, &*x)? && positive(ctx, OnStack::input(&1.0))?.wait()? {
        x.to_vec()?;
    }
    Ok(())
}

fn main() {}
