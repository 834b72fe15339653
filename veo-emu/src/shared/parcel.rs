//! The parcel of a context: a piece of shared memory behind the ring through which the host gives work that is no call. The host
//! fills it while it has the context for itself, so one is under way at a time.

use crate::shared::ring::Ring;
use crate::sys::memfd::round_up;

/// Bytes of payload.
pub(crate) const PARCEL: usize = 256 * 1024;

/// Where the payload begins in the ring's memory.
pub(crate) const PARCEL_AT: usize = round_up(size_of::<Ring>() as u64) as usize;

/// Size of a ring's memory.
pub(crate) const RING_FILE: u64 = (PARCEL_AT + PARCEL) as u64;

/// The beginning of the name of a ring's file; the number of the context follows.
pub(crate) const RING_NAME: &str = "veo-ring-";

/// The kind of a parcel. Operands are in the words of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Task {
    /// Load the library of the path in the payload (length). Value: handle, or 0
    /// and a sentence in the payload.
    Load = 1,
    /// Unload a library (handle). Value: 0, or 1 and a sentence.
    Unload = 2,
    /// Find a symbol (handle, length of the name). Value: address or 0. In the payload: a
    /// byte, 0 if it is data.
    Symbol = 3,
    /// Copy from an address (address, length) to the payload. Value: 0, or 1 if
    /// it is not mapped.
    Read = 4,
    /// Copy the payload to an address (address, length). Value as for `Read`.
    Write = 5,
    /// Free what a kernel has allocated with malloc (address). Value: 0, or 1 if it
    /// is no block of malloc's.
    Free = 6,
    /// Open a block of guarded memory (the words of a span). Value: 1 if all memory is open,
    /// since there are too many blocks.
    Open = 7,
    /// Close a block of guarded memory (the words of a span).
    Close = 8,
    /// Tell what a kernel has executed (number of the kernel). In the payload: a line with how often it was called, its name and the path
    /// of its library, then one for each operation: name, 1 if it is one on vectors, else 0, how often, on how many elements.
    Statistics = 9,
}

impl Task {
    /// The task of this number.
    pub(crate) fn from_word(word: u64) -> Option<Task> {
        [
            Task::Load,
            Task::Unload,
            Task::Symbol,
            Task::Read,
            Task::Write,
            Task::Free,
            Task::Open,
            Task::Close,
            Task::Statistics,
        ]
        .into_iter()
        .find(|task| *task as u64 == word)
    }
}
