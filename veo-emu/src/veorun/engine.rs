//! What can run a function: one trait, whatever the machine code.

use crate::shared::ring::Received;

/// Runs functions of one kind of machine code.
pub(super) trait Engine {
    /// Calls the function at `request.address` with its words and returns the word
    /// of its result. A fault ends the process.
    ///
    /// # Safety
    ///
    /// The address is that of a function of this engine's machine code.
    unsafe fn call(&self, request: &Received) -> u64;
}
