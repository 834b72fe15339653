//! Machine code of the host itself: how its libraries are loaded, its functions called, its
//! faults read.

mod call;
pub(super) mod fpe;
pub(super) mod heap;
pub(super) mod loader;
pub(crate) mod shim;
pub(super) mod trace;

pub(super) use call::Native;
