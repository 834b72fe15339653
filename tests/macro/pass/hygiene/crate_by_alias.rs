//! The crate under a name of the module's own, beside what can be named without it.
#![deny(unused_qualifications)]

use veo::{VeData, VeoProc};
use veo_core as veo;

#[veo::ve_kernel(lib = "libk.so", crate = veo)]
fn scale(
    x: *mut f64,
    n: std::ffi::c_int,
    f: extern "C" fn(f64) -> f64,
    y: &mut [f64],
) -> std::ffi::c_long;

#[derive(Clone, Copy, VeData)]
#[ve_data(crate = veo)]
#[repr(C)]
struct Point(f64, f64);

fn call(proc: &VeoProc) -> veo::Result<i64> {
    scale(proc, veo::NULL, 3, veo::NULL, &mut [1.0])
}
