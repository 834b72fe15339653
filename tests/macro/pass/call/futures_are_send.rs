//! A future that waits for a kernel can be spawned.
use std::future::Future;
use std::pin::Pin;

use veo_core::{Result, VeBuffer, VeoContext, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn scale(x: *mut f64, y: &mut [f64]) -> i32;

async fn call(ctx: &VeoContext, x: &mut VeBuffer<f64>, y: &mut [f64]) -> Result<i32> {
    let first = scale(ctx, &mut *x, &mut *y)?.await?;
    Ok(first + scale(ctx, x, y)?.await?)
}

fn spawned(
    ctx: VeoContext,
    mut x: VeBuffer<f64>,
) -> Pin<Box<dyn Future<Output = Result<i32>> + Send + 'static>> {
    Box::pin(async move { call(&ctx, &mut x, &mut [0.0; 3]).await })
}
