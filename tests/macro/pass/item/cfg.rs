//! Declarations behind `cfg`, above and below the attribute.
use veo_core::{Result, VeoProc, ve_kernel};

#[cfg(unix)]
#[ve_kernel(lib = "libk.so")]
fn above(factor: f64) -> f64;

#[ve_kernel(lib = "libk.so")]
#[cfg(unix)]
fn below(factor: f64) -> f64;

#[ve_kernel(lib = "libk.so")]
#[cfg(not(unix))]
fn below(factor: missing::Type) -> f64;

#[ve_kernel(lib = "libk.so")]
#[cfg(not(unix))]
unsafe extern "C" {
    safe fn elsewhere(factor: missing::Type);
}

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    #[cfg(unix)]
    safe fn inside(factor: f64) -> f64;

    #[cfg(not(unix))]
    safe fn inside(factor: missing::Type) -> f64;
}

fn call(proc: &VeoProc) -> Result<f64> {
    Ok(above(proc, 1.0)? + below(proc, 1.0)? + inside(proc, 1.0)?)
}
