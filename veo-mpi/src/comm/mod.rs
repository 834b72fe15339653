//! Messages between VE memory of several ranks. It calls MPI on the thread in charge only, and knows nothing of jobs.
//!
//! Between ranks that know `VeComm`, a message is a header (`header`) and its values, on a private duplicate of the communicator
//! (`channel`). Ranks match headers themselves (`engine`), since MPI compares neither types nor lengths before it writes.
//!
//! ```text
//!             up to 4 KiB   up to a chunk          more
//!   staged    in the        one message at once,   chunks, when the receiver
//!             header        if a chunk is free     has said that it is ready
//!   direct    in the        from VE memory to VE memory, at once,
//!             header        in pieces of 1 GiB
//! ```
//!
//! Only one message at a time goes out in chunks, and one comes in: so four chunks are enough, and as its receiver is ready, it
//! comes to an end, whatever else waits.

mod channel;
mod collective;
mod communicator;
mod context;
mod data_type;
mod engine;
mod header;
mod operation;
mod path;
mod plain;
mod raw;
mod receive;
mod reduce;
mod region;
mod request;
mod send;
mod staging;
mod status;
mod step;

use std::time::Duration;

use veo_core::VeoProc;

use crate::error::Result;

pub use communicator::VeComm;
pub use data_type::{Integer, Number};
pub use operation::Operation;
pub use path::Path;
pub use plain::VePlain;
pub use request::{RecvRequest, SendRequest};
pub use status::{ANY_SOURCE, ANY_TAG, Status};

/// Moves what a rank still sends, by requests that it has dropped, before it ends MPI. Others need not be there any more to receive
/// it, so this waits a while and no longer.
pub(crate) fn finish(proc: &VeoProc) -> Result<()> {
    engine::Engine::current()?.finish(proc, Duration::from_secs(10))
}
