//! Warnings that somebody has to see: through `tracing`, and on the standard error of a
//! program in which nobody listens to that. A subscriber of `tracing` is code of the user, which may panic.

use std::fmt::Arguments;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs code of the user whose panic concerns nobody here.
pub(crate) fn contain(code: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(code)) {
        // Dropping what was thrown could panic again.
        std::mem::forget(panic);
    }
}

pub(crate) fn warn(text: Arguments<'_>) {
    contain(|| tracing::warn!("{text}"));
    if !tracing::dispatcher::has_been_set() {
        // `eprintln!` panics where standard error is a closed pipe.
        let _ = std::io::stderr().write_fmt(format_args!("veo-core: {text}\n"));
    }
}
