//! A wrapper that takes whatever a kernel takes.
use veo_core::{Arg, OnStack, Result, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn sum(x: *const f64, n: usize) -> f64;

fn mean<'a>(proc: &VeoProc, x: impl Arg<'a, *const f64>, n: usize) -> Result<f64> {
    Ok(sum(proc, x, n)? / n as f64)
}

fn call(proc: &VeoProc) -> Result<f64> {
    let x = proc.upload(&[1.0, 2.0])?;
    Ok(mean(proc, &x, 2)? + mean(proc, OnStack::input(&[3.0]), 1)?)
}
