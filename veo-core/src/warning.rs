//! Warnings that somebody has to see: through `tracing`, and on the standard error of a
//! program in which nobody listens to that.

use std::fmt::Arguments;
use std::io::Write;

pub(crate) fn warn(text: Arguments<'_>) {
    tracing::warn!("{text}");
    if !tracing::dispatcher::has_been_set() {
        // Not `eprintln!`, which panics where standard error is a closed pipe.
        let _ = std::io::stderr().write_fmt(format_args!("veo-core: {text}\n"));
    }
}
