//! Everything that a pointer parameter takes.
use veo_core::{NULL, OnStack, Result, VeMemPtr, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn reads(x: *const f64);

#[ve_kernel(lib = "libk.so")]
fn writes(x: *mut f64);

fn call(proc: &VeoProc) -> Result<()> {
    let mut x = proc.alloc::<f64>(8)?;
    let pointer: VeMemPtr<f64> = x.as_ptr();
    reads(proc, &x)?;
    reads(proc, &mut x)?;
    reads(proc, x.slice(1..3)?)?;
    reads(proc, x.slice_mut(1..3)?)?;
    reads(proc, pointer)?;
    reads(proc, OnStack::input(&1.0))?;
    reads(proc, OnStack::input(&[1.0, 2.0]))?;
    reads(proc, OnStack::input(&vec![1.0, 2.0][..]))?;
    reads(proc, NULL)?;
    writes(proc, &mut x)?;
    writes(proc, x.slice_mut(1..)?)?;
    writes(proc, pointer)?;
    let (mut one, mut some) = (0.0, [0.0; 3]);
    writes(proc, OnStack::output(&mut one))?;
    writes(proc, OnStack::inout(&mut one))?;
    writes(proc, OnStack::output(&mut some))?;
    writes(proc, OnStack::inout(&mut some[1..]))?;
    writes(proc, NULL)
}
