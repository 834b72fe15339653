//! Structures by reference: padding, nesting, arrays, addresses.
use veo_core::{NULL, OnStack, Result, VeAddr, VeData, VeoProc, ve_kernel};

#[derive(Clone, Copy, Debug, VeData)]
#[repr(C)]
struct Inner {
    flag: u8,
    value: f64,
}

#[derive(Clone, Copy, Debug, VeData)]
#[repr(C)]
struct Outer {
    inner: [Inner; 2],
    grid: [[f32; 3]; 4],
    next: VeAddr<Outer>,
    tail: i8,
}

#[ve_kernel(lib = "libk.so")]
fn update(read: &Outer, write: &mut Outer, many: &[Inner], more: &mut [Inner], at: *mut Outer);

fn call(proc: &VeoProc, mut outer: Outer) -> Result<()> {
    let copy = outer;
    let mut inner = outer.inner;
    update(proc, &copy, &mut outer, &inner.clone(), &mut inner, NULL)?;
    let mut buffer = proc.upload(&[copy])?;
    update(proc, &copy, &mut outer, &[], &mut [], &mut buffer)?;
    update(
        proc,
        &copy,
        &mut outer.clone(),
        &[],
        &mut [],
        OnStack::inout(&mut outer),
    )
}
