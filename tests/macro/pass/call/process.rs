//! A call with a process gives the result.
use veo_core::{Result, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn count(n: i32) -> i64;

fn call(proc: &VeoProc) -> Result<i64> {
    let result: i64 = count(proc, 3)?;
    let sum = count(proc, 3)? + result;
    Ok(sum.max(count(proc, 4)?))
}
