//! A single kernel that is unsafe to call.
use veo_core::{Result, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
unsafe fn poke(address: u64, value: u8);

fn call(proc: &VeoProc) -> Result<()> {
    // SAFETY: only its type counts here.
    unsafe { poke(proc, 0, 1) }
}
