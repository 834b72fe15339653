//! The caller of a wrong declaration is right: one error, not two.

use veo_core::{OnStack, VeBuffer, VeoContext, VeoProc, ve_kernel};

#[ve_kernel(lib = "k")]
fn scale(x: *mut f64, by: &f64);

fn call(proc: &VeoProc, ctx: &VeoContext, x: &mut VeBuffer<f64>) -> veo_core::Result<()> {
    scale(proc, &mut *x, &2.0)?;
    scale(ctx, OnStack::inout(&mut 1.0), &3.0)?.wait()
}

fn main() {}
