//! Which engine runs which code. There is one engine, for the host's own machine code. A second
//! engine belongs here, in a type that chooses by the machine of a library and by the address
//! of a function.

use super::native::Native;

/// The engine of this process.
pub(super) static ENGINE: Native = Native;
