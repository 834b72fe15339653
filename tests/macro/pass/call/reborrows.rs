//! Exclusive borrows of buffers end with the call.
use veo_core::{Result, VeBuffer, VeoContext, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(factor: f64, x: *mut f64, n: usize);

fn helper(ctx: &VeoContext, x: &mut VeBuffer<f64>) -> Result<()> {
    let n = x.len();
    let first = scale(ctx, 2.0, x.slice_mut(..)?, n)?;
    let second = scale(ctx, 3.0, x, n)?;
    second.wait()?;
    first.wait()
}

fn call(ctx: &VeoContext, mut x: VeBuffer<f64>) -> Result<()> {
    helper(ctx, &mut x)?;
    for _ in 0..3 {
        scale(ctx, 2.0, &mut x, 1)?.wait()?;
    }
    Ok(())
}
