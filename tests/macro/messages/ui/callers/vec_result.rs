//! The caller of a wrong declaration is right: one error, not two.

use veo_core::{OnStack, VeBuffer, VeoContext, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn values(n: usize) -> Vec<f64>;

fn call(proc: &VeoProc, ctx: &VeoContext, x: &mut VeBuffer<f64>) -> veo_core::Result<()> {
    let _ = (x, OnStack::input(&0));
    let values = values(proc, 3)?.len() + values(ctx, 4)?.wait()?.len();
    assert_eq!(values, 7);
    Ok(())
}

fn main() {}
