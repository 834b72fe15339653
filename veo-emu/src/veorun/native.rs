//! Machine code of the host itself: the part that depends on its architecture, and how
//! words become arguments, which does not.

#[cfg(target_arch = "aarch64")]
#[path = "native/aarch64.rs"]
mod arch;
#[cfg(target_arch = "x86_64")]
#[path = "native/x86_64.rs"]
mod arch;
#[path = "native/call.rs"]
mod call;

pub(super) use arch::{
    copy_bytes, enable_traps, place, return_address, return_from_leaf, stack_pointer,
    tagged_address,
};
pub(super) use call::Native;
