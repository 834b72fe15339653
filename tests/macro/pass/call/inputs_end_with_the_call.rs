//! Data that a kernel only reads need not outlive the call.
use veo_core::{OnStack, Result, VeoContext, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn sum(x: &[f64], y: *const f64, n: &usize) -> f64;

fn call(ctx: &VeoContext) -> Result<f64> {
    let request = {
        let x = vec![1.0, 2.0];
        let n = x.len();
        sum(ctx, &x, OnStack::input(&x[..]), &n)?
    };
    request.wait()
}
