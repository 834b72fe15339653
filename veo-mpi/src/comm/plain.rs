//! Messages to and from programs that know nothing of `VeComm`: one of MPI each.

use std::fmt;
use std::marker::PhantomData;

use mpi::ffi::MPI_Comm;
use mpi::traits::{AsRaw, Communicator};
use veo_core::{VeData, VeSlice, VeSliceMut, VeoContext, VeoProc};

use super::context::{check_process, check_tag, sync};
use super::data_type::data_type;
use super::engine::ProgressEngine;
use super::flight::{Flight, FlightMemory};
use super::path::Path;
use super::raw::RawComm;
use super::region::TransferRegion;
use super::status::{ANY_SOURCE, ANY_TAG, Status};
use crate::error::{Error, Result};

/// A communicator whose other ranks may be any MPI programs. Each message is one of MPI: numbers are of MPI's own types
/// (`MPI_DOUBLE` for `f64`, `MPI_INT32_T` for `i32`), arrays are so many of them, and structures are bytes
/// (`MPI_UINT8_T`). On the path [`Path::Staged`] all of a message is copied to the host at once.
///
/// Types cannot be compared; a message that does not consist of whole values is an error.
///
/// ```no_run
/// # fn main() -> veo_mpi::Result<()> {
/// # use veo_mpi::mpi;
/// # let universe = mpi::initialize().expect("MPI has not begun before");
/// # let world = universe.world();
/// # let proc = veo_core::VeoProc::new(0)?;
/// # let ctx = proc.open_context()?;
/// let plain = veo_mpi::VePlain::new(&world, &proc)?;
/// let mut x = proc.alloc::<f64>(100)?;
/// let status = plain.recv(&ctx, &mut x, 1, 7)?; // MPI_Send(x, 100, MPI_DOUBLE, 0, 7, MPI_COMM_WORLD)
/// # let _ = status;
/// # Ok(())
/// # }
/// ```
pub struct VePlain<'c> {
    engine: &'static ProgressEngine,
    comm: RawComm,
    proc: VeoProc,
    path: Path,
    of: PhantomData<&'c ()>,
}

impl<'c> VePlain<'c> {
    /// For a process and the ranks of `comm`, none of which takes part in this. [`VeComm::plain`](crate::VeComm::plain)
    /// gives one where all ranks know `VeComm`.
    ///
    /// # Errors
    ///
    /// [`Error::Path`] if `VEO_MPI_PATH` asks for one that cannot be had; [`Error::NotRunning`]; [`Error::OtherThread`].
    pub fn new<C>(comm: &'c C, proc: &VeoProc) -> Result<VePlain<'c>>
    where
        C: Communicator + AsRaw<Raw = MPI_Comm>,
    {
        let engine = ProgressEngine::current()?;
        let path = Path::Auto.choose(proc)?;
        // SAFETY: the communicator is borrowed as long as this lives.
        let comm = unsafe { RawComm::new(comm.as_raw()) };
        Ok(VePlain::of(engine, comm, proc, path))
    }

    /// The communicator lives as long as this.
    pub(super) fn of(
        engine: &'static ProgressEngine,
        comm: RawComm,
        proc: &VeoProc,
        path: Path,
    ) -> VePlain<'c> {
        VePlain {
            engine,
            comm,
            proc: proc.clone(),
            path,
            of: PhantomData,
        }
    }

    /// Sends values as one message.
    ///
    /// # Errors
    ///
    /// As [`VeComm::send`](crate::VeComm::send).
    pub fn send<'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        from: impl Into<VeSlice<'b, T>>,
        dest: i32,
        tag: i32,
    ) -> Result<()> {
        let mut flight = self.begin(ctx, &from.into(), dest, tag)?;
        self.returned(|| self.engine.wait_for_values(&self.proc, &mut flight))
    }

    /// Receives one message of a rank or of [`ANY_SOURCE`](crate::ANY_SOURCE), with a tag or [`ANY_TAG`](crate::ANY_TAG).
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] if it has more values than `to`: then nothing is written; [`Error::Types`] if it does not
    /// consist of whole values; otherwise as [`VeComm::send`](crate::VeComm::send).
    pub fn recv<'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        to: impl Into<VeSliceMut<'b, T>>,
        source: i32,
        tag: i32,
    ) -> Result<Status> {
        drop(self.engine.state()?);
        let to = to.into();
        let source = (source != ANY_SOURCE).then_some(source);
        let tag = (tag != ANY_TAG).then_some(tag);
        if let Some(source) = source {
            self.check_rank(source)?;
        }
        if let Some(tag) = tag {
            check_tag(tag)?;
        }
        check_process(to.proc(), &self.proc, "a buffer")?;
        sync(self.engine, ctx, &self.proc)?;
        let region = TransferRegion::of_mut(&to, self.path)?;
        let ty = data_type::<T>()?;
        self.returned(|| {
            let found = self
                .engine
                .wait(&self.proc, |_| self.comm.find(source, tag))?;
            let envelope = found.envelope;
            let count = envelope.size / size_of::<T>().max(1);
            let failed = if envelope.size > region.size() {
                Some(Error::Truncated {
                    source_rank: envelope.source,
                    sent: count,
                    room: to.len(),
                })
            } else if count * size_of::<T>() != envelope.size {
                Some(Error::Types {
                    source_rank: envelope.source,
                    sent: format!("{} bytes", envelope.size),
                    wanted: region.ty.name(),
                })
            } else {
                None
            };
            let (memory, room) = match region.direct() {
                Some(direct) if failed.is_none() => (FlightMemory::Ve(direct), region.size()),
                _ => {
                    let room = envelope.size.next_multiple_of(ty.size().max(1));
                    (FlightMemory::Host(vec![0; room]), room)
                }
            };
            let is_staged = matches!(memory, FlightMemory::Host(_));
            let mut flight = Flight::receive_found(found, memory, 0..room, ty)?;
            self.engine.wait_for_values(&self.proc, &mut flight)?;
            let (memory, _) = flight.into_memory();
            if let Some(error) = failed {
                return Err(error);
            }
            if is_staged {
                region.write(0, &memory.into_host()[..envelope.size])?;
            }
            Ok(Status {
                source: envelope.source,
                tag: envelope.tag,
                count,
            })
        })
    }

    /// Sends values and receives others at the same time.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    #[allow(clippy::too_many_arguments)]
    pub fn sendrecv<'a, 'b, T: VeData, U: VeData>(
        &self,
        ctx: &VeoContext,
        from: impl Into<VeSlice<'a, T>>,
        dest: i32,
        send_tag: i32,
        to: impl Into<VeSliceMut<'b, U>>,
        source: i32,
        recv_tag: i32,
    ) -> Result<Status> {
        let mut flight = self.begin(ctx, &from.into(), dest, send_tag)?;
        let status = self.recv(ctx, to, source, recv_tag);
        self.returned(|| self.engine.wait_for_values(&self.proc, &mut flight))?;
        status
    }

    fn begin<T: VeData>(
        &self,
        ctx: &VeoContext,
        from: &VeSlice<'_, T>,
        dest: i32,
        tag: i32,
    ) -> Result<Flight> {
        self.check_rank(dest)?;
        check_tag(tag)?;
        check_process(from.proc(), &self.proc, "a buffer")?;
        sync(self.engine, ctx, &self.proc)?;
        let region = TransferRegion::of(from, self.path)?;
        let memory = match region.direct() {
            Some(direct) => FlightMemory::Ve(direct),
            None => {
                let mut bytes = vec![0; region.size()];
                region.read(0, &mut bytes)?;
                FlightMemory::Host(bytes)
            }
        };
        let ty = data_type::<T>()?;
        self.returned(|| Flight::send_values(self.comm, memory, ty, dest, tag))
    }

    fn check_rank(&self, rank: i32) -> Result<()> {
        let (_, size) = self.returned(|| self.comm.place())?;
        if (0..size).contains(&rank) {
            return Ok(());
        }
        Err(Error::Rank { rank, size })
    }

    /// Runs `body` while errors of the communicator return. It is the program's own, whose errors may end it.
    fn returned<R>(&self, body: impl FnOnce() -> Result<R>) -> Result<R> {
        drop(self.engine.state()?);
        self.comm.with_errors_returned(body)
    }
}

impl fmt::Debug for VePlain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VePlain({})", self.path)
    }
}
