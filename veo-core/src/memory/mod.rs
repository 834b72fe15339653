//! Memory of the VE as the host names it: buffers, slices, pointers.
//!
//! Nothing here dereferences an address of the VE; copies go through the process.

mod buffer;
mod pointer;
mod slice;
mod staging;
mod usage;

pub use buffer::VeBuffer;
pub use pointer::{NULL, Null, VeMemPtr};
pub use slice::{VeSlice, VeSliceMut};
pub(crate) use staging::{HostVec, Staging};
pub(crate) use usage::Usage;
