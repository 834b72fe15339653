//! `NULL` for every kind of pointer.
use veo_core::{NULL, Result, VeOpaque, VeoProc, ve_kernel};

#[derive(VeOpaque)]
struct Plan(());

#[ve_kernel(lib = "libk.so")]
fn all(
    a: *const f64,
    b: *mut [f64; 3],
    c: *mut core::ffi::c_void,
    d: *mut *const i8,
    e: *const Plan,
    f: extern "C" fn(),
);

fn call(proc: &VeoProc) -> Result<()> {
    all(proc, NULL, NULL, NULL, NULL, NULL, NULL)
}
