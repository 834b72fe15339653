//! The range of addresses that machine code may use, and access to it.
//!
//! VE addresses are addresses of this process inside one [`Window`]: nothing is translated. Every access is tested against the
//! window first. Inside it, pages may be missing or protected; the few instructions of the host that touch them are known, so
//! that a fault in one of them is an [`AccessError`] instead of a signal ([`recover`]).
//!
//! Why this is sound: a window holds only memory that machine code may change at any time, and no Rust value. So all access
//! goes through machine instructions that the compiler knows nothing of, never through references, and whoever else writes
//! there at the same time changes values, not guarantees.
//!
//! Nothing here knows instructions.

mod access;
mod handler;
mod host_code;
mod page;
mod shadow;
mod window;

pub use access::AccessError;
pub use handler::{install_handler, recover};
pub(crate) use host_code::CodeArena;
pub(crate) use page::host_page;
pub(crate) use shadow::Shadow;
pub use window::{MemoryError, Protection, Window};
