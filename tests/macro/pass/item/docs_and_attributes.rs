//! Docs and attributes above a declaration stay there.
use veo_core::{Result, VeoProc, ve_kernel};

/// Scales.
///
/// Twice as documented.
#[ve_kernel(lib = "libk.so")]
#[deprecated(note = "use something else")]
#[doc(alias = "mul")]
fn scale(factor: f64) -> f64;

#[allow(deprecated)]
fn call(proc: &VeoProc) -> Result<f64> {
    scale(proc, 1.0)
}
