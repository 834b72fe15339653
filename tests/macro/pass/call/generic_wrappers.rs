//! Functions that call kernels for whatever target and argument they are given.
use core::ffi::c_int;

use veo_core::{
    Arg, OnStack, Result, Target, VeBuffer, VeoContext, VeoProc, VeoRequest, ve_kernel,
};

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    safe fn sum(x: *const f64, n: i64) -> f64;
    safe fn add(a: c_int, b: *mut f64) -> core::ffi::c_long;
}

fn any_sum<'a, T: Target>(on: &T, x: impl Arg<'a, *const f64>) -> Result<T::Output<'a, f64>> {
    sum(on, x, 3)
}

fn any_add<'a, T>(on: &T, a: impl Arg<'a, c_int>, y: &'a mut [f64]) -> Result<T::Output<'a, i64>>
where
    T: Target + ?Sized,
{
    add(on, a, OnStack::inout(y))
}

fn sums<'a, T: Target>(on: &T, all: &[VeBuffer<f64>]) -> Result<Vec<T::Output<'a, f64>>> {
    all.iter().map(|x| sum(on, x, 3)).collect()
}

fn call(proc: &VeoProc, ctx: &VeoContext, x: &VeBuffer<f64>) -> Result<f64> {
    let mut y = [1.0];
    let added: VeoRequest<'_, i64> = any_add(ctx, 3, &mut y)?;
    added.wait()?;
    let total: f64 = sums(proc, std::slice::from_ref(x))?.into_iter().sum();
    Ok(any_sum(proc, x)? + any_sum(&ctx, x.as_ptr())?.wait()? + total)
}
