//! The floating-point exceptions that end a kernel of the host's code, as `VE_FPE_ENABLE` asks.

use std::sync::atomic::{AtomicU32, Ordering};

use veo_abi::environment::VE_FPE_ENABLE;

use super::arch;
use crate::shared::fpe;

/// A bit for each exception.
static TRAPS: AtomicU32 = AtomicU32::new(0);

/// Reads the variable, before the first context. The host warns about a wrong value.
pub(super) fn read() {
    if let Some(text) = VE_FPE_ENABLE.text() {
        TRAPS.store(fpe::parse(&text).bits, Ordering::Relaxed);
    }
}

/// Which exceptions are wanted.
pub(super) fn wanted() -> u32 {
    TRAPS.load(Ordering::Relaxed)
}

/// Lets them end what the calling thread runs; threads that it starts inherit this.
pub(super) fn arm() {
    if wanted() != 0 {
        arch::enable_traps(wanted());
    }
}

/// Does something that computes with floating point and is no kernel of the host's code.
#[inline]
pub(super) fn disarmed<R>(work: impl FnOnce() -> R) -> R {
    if wanted() == 0 {
        return work();
    }
    arch::disable_traps();
    let result = work();
    arm();
    result
}
