//! Requests stored for later.
use veo_core::{Result, VeoContext, VeoRequest, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn count(n: i32) -> i64;

struct Pending {
    request: VeoRequest<'static, i64>,
}

fn call(ctx: &VeoContext) -> Result<i64> {
    let pending = Pending {
        request: count(ctx, 3)?,
    };
    let all: Vec<_> = (0..4).map(|n| count(ctx, n)).collect::<Result<_>>()?;
    let mut sum = pending.request.wait()?;
    for request in all {
        sum += request.wait()?;
    }
    Ok(sum)
}
