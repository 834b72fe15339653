//! Data that a kernel writes is borrowed until the result has been waited for.
use veo_core::{OnStack, Result, VeoContext, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn stats(x: *const f64, n: usize, mean: &mut f64, variance: *mut f64);

fn call(ctx: &VeoContext) -> Result<f64> {
    let (mut mean, mut variance) = (0.0, 0.0);
    let x = [1.0, 2.0];
    let output = OnStack::output(&mut variance);
    stats(ctx, OnStack::input(&x), 2, &mut mean, output)?.wait()?;
    Ok(mean + variance)
}
