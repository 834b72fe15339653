//! Which engine runs what. There is one, for the host's own machine code. A second one is
//! added here: by a type that asks both, by the machine of a library and by the address of
//! a function.

use super::native::Native;

/// The engine of this process.
pub(super) static ENGINE: Native = Native;
