//! Contexts and processes behind references and smart pointers.
use std::rc::Rc;
use std::sync::Arc;

use veo_core::{Result, VeoContext, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn count(n: i32) -> i64;

fn call(
    ctx: &mut VeoContext,
    proc: Arc<VeoProc>,
    boxed: Box<VeoContext>,
    rc: Rc<VeoContext>,
) -> Result<i64> {
    let queued = count(ctx, 1)?.wait()? + count(&ctx, 2)?.wait()? + count(&&*ctx, 3)?.wait()?;
    let waited = count(&proc, 4)? + count(&*proc, 5)? + count(proc.as_ref(), 6)?;
    Ok(queued + waited + count(&boxed, 7)?.wait()? + count(&rc, 8)?.wait()?)
}
