//! The calling convention may be spelled out.
use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
extern "C" fn scale(factor: f64) -> f64;

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" fn shift(by: f64) -> f64;
