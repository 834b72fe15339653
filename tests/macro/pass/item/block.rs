//! Several kernels in one block, safe and unsafe, each with its visibility.
use veo_core::{Result, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    pub safe fn first(n: i32) -> i32;
    pub(crate) unsafe fn second(n: i32) -> i32;
    fn third(n: i32) -> i32;
}

fn call(proc: &VeoProc) -> Result<i32> {
    let one = first(proc, 1)?;
    // SAFETY: only its type counts here.
    let two = unsafe { second(proc, one) }?;
    // SAFETY: as above.
    unsafe { third(proc, two) }
}
