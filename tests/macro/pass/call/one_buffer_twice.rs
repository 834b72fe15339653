//! A buffer that is read in two places, or in several calls in a row.
use veo_core::{Result, VeBuffer, VeoContext, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn add(a: *const f64, b: *const f64, sum: *mut f64, n: usize);

fn call(ctx: &VeoContext, a: &VeBuffer<f64>, sum: &mut VeBuffer<f64>) -> Result<()> {
    let first = add(ctx, a, a, &mut *sum, a.len())?;
    let second = add(ctx, a, a, &mut *sum, a.len())?;
    let third = add(ctx, a.slice(1..)?, a, sum, a.len() - 1)?;
    first.wait()?;
    second.wait()?;
    third.wait()
}
