//! A context: a queue on the host and a thread in the VE process.

use std::os::fd::AsRawFd;
use std::sync::Arc;

use super::child_process::ChildProcess;
use super::queue::Queue;
use crate::error::{Error, Result};
use crate::log::debug;
use crate::shared::message::Message;
use crate::shared::parcel::RING_FILE;
use crate::shared::ring::Ring;
use crate::sys::memfd::{self, Mapping};

/// Stack of a context's thread if nothing else was asked for.
pub(crate) const DEFAULT_STACK: u64 = 128 << 20;
/// The least that can be asked for.
pub(crate) const LEAST_STACK: u64 = 4 << 20;

/// Makes the queue of a context and has the VE process start its thread. Without
/// a wanted size the stack shrinks to what the process's limits leave.
pub(crate) fn open(
    child: &Arc<ChildProcess>,
    index: u32,
    stack: Option<u64>,
) -> Result<Arc<Queue>> {
    child.check()?;
    let file = memfd::create(c"veo-ring", RING_FILE)
        .map_err(|error| Error::io("making the memory of a context's ring", &error))?;
    let mapping = Mapping::new(&file, RING_FILE)
        .map_err(|error| Error::io("mapping a context's ring", &error))?;
    mapping.view::<Ring>().initialise();
    let mut size = stack.unwrap_or(DEFAULT_STACK);
    loop {
        let message = Message::Open { index, stack: size };
        match child.ask(&message, file.as_raw_fd()) {
            Ok(thread) => {
                debug!("context {index} of VE process {} is open", child.pid);
                let thread = libc::pid_t::try_from(thread).unwrap_or(0);
                return Ok(Queue::new(child.clone(), index, mapping, thread));
            }
            Err(error) if stack.is_some() || child.is_dead() || size <= LEAST_STACK => {
                return Err(error);
            }
            Err(_) => size /= 2,
        }
    }
}

/// Runs everything queued, then ends the context's thread, and with `last` the
/// process.
pub(crate) fn close(queue: &Queue, last: bool) {
    if let Ok(exclusive) = queue.exclusive_use() {
        queue.close();
        // If the process dies meanwhile, the thread is gone as well.
        let _ = exclusive.close(last);
    }
    queue.close();
}
