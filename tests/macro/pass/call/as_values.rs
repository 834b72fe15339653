//! Stubs as values: closures over them.
use veo_core::{Result, VeoContext, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn square(n: i64) -> i64;

#[ve_kernel(lib = "libk.so")]
fn cube(n: i64) -> i64;

fn call(proc: &VeoProc, ctx: &VeoContext) -> Result<i64> {
    let functions: [fn(&VeoProc, i64) -> Result<i64>; 2] = [square, cube];
    let mut sum = 0;
    for f in functions {
        sum += f(proc, 3)?;
    }
    let queued = |n| square(ctx, n);
    Ok(sum + queued(4)?.wait()?)
}
