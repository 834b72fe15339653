//! Fortran: scalars by reference, names with an underscore.
use veo_core::{Result, VeoProc, ve_kernel};

#[ve_kernel(lib = "libblas.so")]
unsafe extern "C" {
    #[ve_kernel(name = "daxpy_")]
    safe fn daxpy(n: &i32, alpha: &f64, x: *const f64, incx: &i32, y: *mut f64, incy: &i32);

    #[ve_kernel(name = "ddot_")]
    safe fn ddot(n: &i32, x: *const f64, incx: &i32, y: *const f64, incy: &i32) -> f64;
}

fn call(proc: &VeoProc) -> Result<f64> {
    let x = proc.upload(&[1.0, 2.0])?;
    let mut y = proc.upload(&[3.0, 4.0])?;
    let (n, one) = (2, 1);
    daxpy(proc, &n, &0.5, &x, &one, &mut y, &one)?;
    ddot(proc, &n, &x, &one, &y, &one)
}
