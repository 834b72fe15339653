//! A kernel linked into veorun.
use veo_core::{Result, VeoContext, ve_kernel};

#[ve_kernel(static)]
fn linked(n: i64) -> i64;

fn call(ctx: &VeoContext) -> Result<i64> {
    linked(ctx, 3)?.wait()
}
