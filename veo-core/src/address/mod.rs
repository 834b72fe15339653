//! Addresses on the VE as the host names them, and when their memory was last used.
//!
//! Nothing here dereferences an address of the VE.

mod pointer;
mod usage;

pub use pointer::{NULL, Null, VeMemPtr};
pub(crate) use usage::Usage;
