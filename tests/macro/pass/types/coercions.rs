//! References coerce as for any function.
use std::sync::Arc;

use veo_core::{Result, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn sum(x: &[f64], total: &mut f64);

fn call(proc: &VeoProc) -> Result<()> {
    let mut total = Box::new(0.0);
    sum(proc, &[1.0, 2.0], &mut total)?;
    sum(proc, &vec![1.0], &mut total)?;
    sum(proc, &Arc::new(vec![1.0]), &mut total)?;
    sum(proc, &Box::new([1.0]) as &[f64; 1], &mut total)
}
