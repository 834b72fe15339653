//! Floating-point exceptions that end a kernel, as `VE_FPE_ENABLE` asks.

use std::sync::atomic::{AtomicU32, Ordering};

use veo_abi::environment::VE_FPE_ENABLE;

use crate::shared::fpe;
use crate::veorun::arch;

/// Which exceptions trap, a bit for each.
static TRAPS: AtomicU32 = AtomicU32::new(0);

/// Reads the variable, before the first context. The host warns about a wrong value.
pub(super) fn read() {
    if let Some(wanted) = VE_FPE_ENABLE.text() {
        TRAPS.store(fpe::parse(&wanted).bits, Ordering::Relaxed);
    }
}

/// Arms the calling thread; threads that it starts inherit this.
pub(super) fn enable() {
    let bits = TRAPS.load(Ordering::Relaxed);
    if bits != 0 {
        arch::enable_traps(bits);
    }
}
