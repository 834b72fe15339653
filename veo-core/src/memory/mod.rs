//! Memory of the VE as programs own it: buffers, slices, copies.
//!
//! Nothing here dereferences an address of the VE; the process makes all copies.

#[cfg(feature = "ndarray")]
mod array;
mod buffer;
mod of_process;
mod pinned;
mod slice;

pub use buffer::VeBuffer;
pub(crate) use of_process::host_room;
pub(crate) use of_process::{check_len, not_none, size_of_array};
pub use pinned::PinnedMemory;
pub use slice::{VeSlice, VeSliceMut};
