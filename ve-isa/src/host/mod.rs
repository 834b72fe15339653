//! Functions that machine code calls and the host provides.
//!
//! Each takes its arguments from the registers of the calling thread, as machine code passes them, and checks every
//! pointer: memory of machine code is reached through the window only.

mod call;
mod control;
mod memory;

use crate::thread::HostFunction;

/// The function with this name.
#[must_use]
pub fn find(name: &str) -> Option<HostFunction> {
    memory::find(name).or_else(|| control::find(name))
}
