//! Memory of the VE as programs own it: buffers, slices, copies.
//!
//! Nothing here dereferences an address of the VE; copies go through the process.

mod arg;
mod buffer;
mod proc;
mod slice;

pub use buffer::VeBuffer;
pub(crate) use proc::{host_room, size_of_array};
pub use slice::{VeSlice, VeSliceMut};
