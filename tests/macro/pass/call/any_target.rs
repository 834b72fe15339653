//! Code that leaves open where a kernel is called.
use veo_core::{Result, Target, VeBuffer, VeoContext, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn count(n: i32, x: *mut f64) -> i64;

fn twice<On: Target>(on: &On, x: &mut VeBuffer<f64>) -> Result<[On::Output<'static, i64>; 2]> {
    Ok([count(on, 1, &mut *x)?, count(on, 2, x)?])
}

fn call(proc: &VeoProc, ctx: &VeoContext, x: &mut VeBuffer<f64>) -> Result<i64> {
    let [a, b] = twice(proc, x)?;
    let [c, d] = twice(ctx, x)?;
    Ok(a + b + c.wait()? + d.wait()?)
}
