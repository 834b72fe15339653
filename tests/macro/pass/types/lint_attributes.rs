//! Lints on a parameter.
use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
fn scale(#[allow(unused)] factor: f64);
