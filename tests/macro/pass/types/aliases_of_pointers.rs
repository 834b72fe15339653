//! Pointers, handles and results behind a name.
use veo_core::{OnStack, Result, VeAddr, VeMemPtr, VeOpaque, VeoProc, ve_kernel};

#[derive(VeOpaque)]
struct Plan {
    _private: [u8; 0],
}

type Handle = *mut Plan;
type Vector = *mut f64;
type Rows = *const *const f64;
type Points = VeMemPtr<[f64; 3]>;

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    safe fn create(n: i32, x: Vector) -> Handle;
    safe fn destroy(plan: Handle);
    safe fn gather(rows: Rows, points: Points) -> Vector;
}

fn call(proc: &VeoProc) -> Result<u64> {
    let mut x = proc.upload(&[1.0])?;
    let plan = create(proc, 3, &mut x)?;
    create(proc, 3, OnStack::inout(&mut [1.0, 2.0]))?;
    destroy(proc, plan)?;
    let rows = proc.upload::<VeAddr<f64>>(&[x.as_ptr().to_ve_addr()])?;
    let points = proc.alloc::<[f64; 3]>(2)?;
    Ok(gather(proc, &rows, points.as_ptr())?.addr())
}
