//! Parameters that only take a `VeMemPtr` or only stack data.
use veo_core::{NULL, OnStack, Result, VeMemPtr, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn explicit(x: VeMemPtr<f64>, y: OnStack<i32>) -> VeMemPtr<f64>;

fn call(proc: &VeoProc) -> Result<VeMemPtr<f64>> {
    let x = proc.alloc::<f64>(1)?;
    let mut y = 3;
    let pointer = explicit(proc, x.as_ptr(), OnStack::input(&y))?;
    explicit(proc, pointer, OnStack::inout(&mut y))?;
    explicit(proc, NULL, OnStack::output(&mut y))
}
