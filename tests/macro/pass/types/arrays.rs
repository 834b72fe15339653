//! Arrays of any depth, by reference and as memory on the VE.
use veo_core::{OnStack, Result, VeoProc, ve_kernel};

const N: usize = 4;

#[ve_kernel(lib = "libk.so")]
fn by_reference(a: &[f64; 3], b: &mut [[f64; N]; 2], c: &[[[i8; 2]; N]; N + 1], d: &mut [[u8; 2]]);

#[ve_kernel(lib = "libk.so")]
fn in_memory(a: *const [f64; 3], b: *mut [[f64; N]; 2]);

#[ve_kernel(lib = "libk.so")]
fn flat(a: *mut f64);

fn call(proc: &VeoProc) -> Result<()> {
    let mut b = [[0.0; N]; 2];
    by_reference(
        proc,
        &[1.0; 3],
        &mut b,
        &[[[1; 2]; N]; 5],
        &mut [[1, 2], [3, 4]],
    )?;
    let rows = proc.upload(&[[1.0; 3]; 5])?;
    let mut planes = proc.alloc::<[[f64; N]; 2]>(1)?;
    in_memory(proc, &rows, &mut planes)?;
    flat(proc, &mut planes)?;
    flat(proc, OnStack::inout(&mut b))
}
