//! Machine code of the host itself: the part that depends on its architecture.

#[cfg(target_arch = "aarch64")]
#[path = "native/aarch64.rs"]
mod arch;
#[cfg(target_arch = "x86_64")]
#[path = "native/x86_64.rs"]
mod arch;

pub(super) use arch::{Native, copy_bytes, enable_traps, place, return_address, return_from_leaf};
