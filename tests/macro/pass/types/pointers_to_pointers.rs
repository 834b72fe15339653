//! `T **`: memory that holds addresses of memory.
use veo_core::{NULL, OnStack, Result, VeAddr, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
fn rows(a: *const *const f64, b: *mut *mut f64, n: usize);

#[ve_kernel(lib = "libk.so")]
fn addresses(a: *mut VeAddr<f64>, b: &mut [VeAddr<f64>], c: &VeAddr<f64>);

fn call(proc: &VeoProc) -> Result<()> {
    let mut table = proc.upload(&[VeAddr::<f64>::NULL; 4])?;
    rows(proc, NULL, &mut table, 4)?;
    let one = VeAddr::NULL;
    addresses(proc, &mut table, &mut [VeAddr::NULL], &one)?;
    let mut local = [VeAddr::NULL; 2];
    addresses(proc, OnStack::inout(&mut local), &mut [], &one)
}
