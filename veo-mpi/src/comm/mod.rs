//! Messages between VE memory of several ranks. It calls MPI on the thread in charge only, and knows nothing of jobs.
//!
//! Between ranks that know `VeComm`, a message is a header (`header`) and its values, on a private duplicate of the communicator
//! (`channel`). Ranks match headers themselves (`engine`), since MPI compares neither types nor lengths before it writes.
//!
//! ```text
//!                    up to 4 KiB   up to a chunk          more
//!   staged, between  in the        one message at once,   chunks, when the receiver
//!   machines         header        if a chunk is free     has said that it is ready
//!   staged, on one   in the        in a slot of shared    the same, from slot
//!   machine          header        memory, if one is free to slot
//!   direct           in the        from VE memory to VE memory, at once,
//!                    header        in pieces of 1 GiB, without a header
//! ```
//!
//! Values of the direct path come under a label (`labels`), of which its sender has said once what tag and type it stands for.
//!
//! Only one message at a time goes out in chunks, and one comes in: so four chunks are enough, and as its receiver is ready, it
//! comes to an end, whatever else waits. On one machine it is the same with the two slots of the sender's window (`window`), from
//! which any number of receivers take what is theirs. A rank with a window has no other chunks for what goes out: MPI gets the
//! slots for messages to other machines.

mod channel;
mod collective;
mod communicator;
mod context;
mod data_type;
mod engine;
mod flight;
mod header;
mod labels;
mod neighbours;
mod operation;
mod path;
mod plain;
mod raw;
mod receive;
mod reduce;
mod region;
mod request;
mod send;
mod shared_reduction;
mod staging;
mod status;
mod step;
mod window;

use std::time::Duration;

use mpi::topology::SimpleCommunicator;
use mpi::traits::AsRaw;
use veo_core::VeoProc;

use crate::error::Result;

pub use communicator::VeComm;
pub use data_type::{Integer, Number};
pub use operation::Operation;
pub use path::Path;
pub use plain::VePlain;
pub use request::{RecvRequest, SendRequest};
pub use status::{ANY_SOURCE, ANY_TAG, Status};

/// Has child processes of this one notice that MPI is not theirs. To be called once MPI has begun.
pub(crate) fn watch_forks() {
    raw::watch_forks();
}

/// Moves messages until all ranks of the world have done their part, before they end MPI. It does not wait long for messages that
/// are not received then. The number of those that this rank has thrown away, since the program had dropped their `VeComm`.
pub(crate) fn finish(world: &SimpleCommunicator, proc: &VeoProc) -> Result<usize> {
    // SAFETY: the handle of the world, which lives as long as MPI.
    let world = unsafe { raw::RawComm::new(world.as_raw()) };
    engine::ProgressEngine::current()?.finish(world, proc, Duration::from_secs(10))
}
