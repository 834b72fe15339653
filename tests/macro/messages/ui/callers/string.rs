//! The caller of a wrong declaration is right: one error, not two.

use veo_core::{OnStack, VeBuffer, VeoContext, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn open(name: String, x: *const f64) -> *mut f64;

fn call(proc: &VeoProc, ctx: &VeoContext, x: &mut VeBuffer<f64>) -> veo_core::Result<()> {
    let one = open(proc, "name".to_string(), &*x)?;
    open(ctx, String::new(), OnStack::input(&one.is_null().then_some(1.0).unwrap()))?.wait()?;
    Ok(())
}

fn main() {}
