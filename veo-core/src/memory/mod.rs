//! Memory of the VE as programs own it: buffers, slices, copies.
//!
//! Nothing here dereferences an address of the VE; copies go through the process.

mod allocate;
mod buffer;
mod copy;
mod slice;

pub(crate) use allocate::size_of_array;
pub use buffer::VeBuffer;
pub(crate) use copy::host_room;
pub use slice::{VeSlice, VeSliceMut};
