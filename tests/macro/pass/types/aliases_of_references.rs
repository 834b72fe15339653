//! Names of references, with and without their lifetime.
use veo_core::{Result, VeoContext, ve_kernel};

type Value<'a> = &'a f64;
type Values<'a> = &'a [i32];
type Output<'a> = &'a mut [f64];

#[ve_kernel(lib = "libk.so")]
fn anonymous(x: Value<'_>, y: Output<'_>, z: Values<'_>);

#[ve_kernel(lib = "libk.so")]
fn named<'a>(x: Value<'a>, y: Output<'a>, z: Values<'a>);

#[ve_kernel(lib = "libk.so")]
fn long_lived(x: Value<'static>);

fn call(ctx: &VeoContext, y: &mut [f64], z: &Vec<i32>) -> Result<()> {
    let x = 1.0;
    let first = anonymous(ctx, &x, &mut *y, &[1, 2])?;
    first.wait()?;
    named(ctx, &2.0, y, z)?.wait()?;
    named(ctx, &2.0, &mut [3.0], &z[1..])?.wait()?;
    named(ctx, &2.0, &mut vec![3.0], z)?.wait()?;
    long_lived(ctx, &x)?.wait()
}
