//! Handles of transfers that go on while the program is in calls of this crate.

use std::fmt;
use std::marker::PhantomData;

use veo_core::VeoProc;

use super::engine::ProgressEngine;
use super::status::Status;
use crate::error::Result;

/// An operation that somebody waits for.
pub(super) struct Pending {
    engine: &'static ProgressEngine,
    id: u64,
    proc: VeoProc,
}

impl Pending {
    pub(super) fn new(engine: &'static ProgressEngine, id: u64, proc: &VeoProc) -> Pending {
        Pending {
            engine,
            id,
            proc: proc.clone(),
        }
    }

    /// Waits for the end.
    pub(super) fn wait(self) -> Result<Status> {
        self.engine.wait_for_operation(self.id, &self.proc)
    }

    /// The outcome, if it has ended.
    fn test(&self) -> Option<Result<Status>> {
        let looked = self.engine.state().and_then(|mut state| {
            state.progress()?;
            Ok(state.outcome(self.id))
        });
        match looked {
            Ok(None) => self.proc.check_alive().err().map(|error| Err(error.into())),
            Ok(outcome) => outcome,
            Err(error) => Some(Err(error)),
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        // If this cannot be, the operation goes on, and its memory stays pinned.
        if let Ok(mut state) = self.engine.state() {
            state.abandon(self.id);
        }
    }
}

/// VE memory that is being sent: it cannot be written until the request has ended.
///
/// If the request is dropped or forgotten, the message is sent all the same, with the values that the memory has when MPI reads it.
/// The memory stays allocated until then.
#[must_use = "the message is only known to be sent when `wait` has returned"]
pub struct SendRequest<'b> {
    pending: Pending,
    of: PhantomData<&'b ()>,
}

/// VE memory that is being received to: it cannot be used until the request has ended.
///
/// If the request is dropped before its message has begun to come, it receives nothing. If it is dropped later or forgotten, the
/// message is received all the same, and the memory stays allocated until then.
///
/// ```no_run
/// # fn receive(comm: &veo_mpi::VeComm, ctx: &veo_core::VeoContext) -> veo_mpi::Result<()> {
/// let mut x = comm.proc().alloc::<f64>(1000)?;
/// let request = comm.irecv(ctx, &mut x, 1, 0)?;
/// request.wait()?;
/// x.free()?;
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail,E0505
/// # fn receive(comm: &veo_mpi::VeComm, ctx: &veo_core::VeoContext) -> veo_mpi::Result<()> {
/// let mut x = comm.proc().alloc::<f64>(1000)?;
/// let request = comm.irecv(ctx, &mut x, 1, 0)?;
/// x.free()?; // it is still being received to
/// request.wait()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "the message is only known to be there when `wait` has returned"]
pub struct RecvRequest<'b> {
    pending: Pending,
    of: PhantomData<&'b mut ()>,
}

impl SendRequest<'_> {
    pub(super) fn new(pending: Pending) -> Self {
        SendRequest {
            pending,
            of: PhantomData,
        }
    }

    /// Waits until the memory can be used again.
    ///
    /// # Errors
    ///
    /// [`Error::Veo`](crate::Error::Veo) if the VE process has ended; [`Error::Mpi`](crate::Error::Mpi).
    pub fn wait(self) -> Result<()> {
        self.pending.wait().map(|_| ())
    }

    /// The result of [`wait`](Self::wait) if it need not wait, else the request.
    ///
    /// # Errors
    ///
    /// The request, if it has not ended.
    pub fn test(self) -> std::result::Result<Result<()>, Self> {
        match self.pending.test() {
            Some(outcome) => Ok(outcome.map(|_| ())),
            None => Err(self),
        }
    }
}

impl RecvRequest<'_> {
    pub(super) fn new(pending: Pending) -> Self {
        RecvRequest {
            pending,
            of: PhantomData,
        }
    }

    /// Waits until the message is there.
    ///
    /// # Errors
    ///
    /// As [`VeComm::recv`](crate::VeComm::recv).
    pub fn wait(self) -> Result<Status> {
        self.pending.wait()
    }

    /// The result of [`wait`](Self::wait) if it need not wait, else the request.
    ///
    /// # Errors
    ///
    /// The request, if it has not ended.
    pub fn test(self) -> std::result::Result<Result<Status>, Self> {
        match self.pending.test() {
            Some(outcome) => Ok(outcome),
            None => Err(self),
        }
    }
}

impl fmt::Debug for SendRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendRequest").finish_non_exhaustive()
    }
}

impl fmt::Debug for RecvRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvRequest").finish_non_exhaustive()
    }
}
