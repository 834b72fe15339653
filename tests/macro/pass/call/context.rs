//! A call with a context gives a request.
use veo_core::{Result, VeoContext, VeoRequest, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn count(n: i32) -> i64;

fn call(ctx: &VeoContext) -> Result<i64> {
    let request: VeoRequest<'_, i64> = count(ctx, 3)?;
    request.wait()
}

fn chained(ctx: &VeoContext) -> Result<i64> {
    count(ctx, 3)?.wait()
}
