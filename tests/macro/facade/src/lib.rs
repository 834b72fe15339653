//! A crate of an older edition that knows `veo-core` by another name and re-exports it.

pub use vector_engine as ve;

use ve::ve_kernel;
use ve::{VeData, VeOpaque};

/// Plain data.
#[derive(Clone, Copy, VeData)]
#[ve_data(crate = vector_engine)]
#[repr(C)]
pub struct Point {
    /// A coordinate.
    pub x: f64,
}

/// A handle.
#[derive(VeOpaque)]
#[ve_opaque(crate = vector_engine)]
pub struct Plan(());

/// Everything that an expansion can name.
#[ve_kernel(lib = "libk.so", crate = vector_engine)]
pub fn all(
    n: i32,
    x: *mut f64,
    p: &mut Point,
    q: &[Point],
    f: extern "C" fn(f64) -> f64,
    r#async: std::os::raw::c_int,
) -> *mut Plan;

#[ve_kernel(lib = "libk.so", crate = vector_engine)]
unsafe extern "C" {
    /// One of a block.
    pub safe fn alias(n: std::os::raw::c_int) -> std::os::raw::c_long;
}
