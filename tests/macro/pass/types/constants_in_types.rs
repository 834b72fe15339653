//! Types with constants in braces, wherever a type may stand.

use veo_core::{Result, VeData, VeMemPtr, VeoProc, ve_kernel};

const N: usize = 2;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Mat<const M: usize>([[f64; M]; M]);

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    safe fn first() -> *mut Mat<{ N + 1 }>;
    pub(crate) safe fn second(x: *const Mat<{ N + 1 }>, y: &[Mat<{ 2 * N }>]) -> i32;
    safe fn third(x: *mut f64) -> *const Mat<{ if N > 1 { N } else { 1 } }>;
    safe fn last(x: &mut [[f64; N << 1]]) -> VeMemPtr<Mat<{ N }>>;
}

#[ve_kernel(lib = "libk.so")]
fn single(x: *mut Mat<{ N + 1 }>) -> *mut Mat<{ N + 1 }>;

fn call(proc: &VeoProc) -> Result<i32> {
    let x = first(proc)?;
    let _: VeMemPtr<Mat<3>> = single(proc, x)?;
    let _: VeMemPtr<Mat<2>> = last(proc, &mut [[1.0; 4]])?;
    second(proc, x, &[])
}
