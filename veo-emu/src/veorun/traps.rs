//! Floating-point exceptions that end a kernel, as `VE_FPE_ENABLE` wishes.

use std::sync::atomic::{AtomicU32, Ordering};

use super::native;

/// Which exceptions trap: invalid 1, division 4, overflow 8, underflow 16, inexact 32.
static TRAPS: AtomicU32 = AtomicU32::new(0);

/// Reads the variable, before the first context.
pub(super) fn read() {
    let Ok(wanted) = std::env::var("VE_FPE_ENABLE") else {
        return;
    };
    let bits = wanted
        .split(|c: char| !c.is_ascii_alphanumeric())
        .map(|name| match name.to_ascii_uppercase().as_str() {
            "INV" => 1,
            "DIV" => 4,
            "FOF" => 8,
            "FUF" => 16,
            "INE" => 32,
            _ => 0,
        })
        .fold(0, |all, bit| all | bit);
    TRAPS.store(bits, Ordering::Relaxed);
}

/// Arms the calling thread; threads that it starts inherit this.
pub(super) fn enable() {
    let bits = TRAPS.load(Ordering::Relaxed);
    if bits != 0 {
        native::enable_traps(bits);
    }
}
