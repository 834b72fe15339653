//! `VeComm`: a communicator for VE memory; how one is made, messages between two ranks.

use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

use mpi::ffi::MPI_Comm;
use mpi::traits::{AsRaw, Communicator};
use veo_core::{VeData, VeSlice, VeSliceMut, VeoContext, VeoProc};

use super::channel::Channel;
use super::context::{check_process, check_tag, sync};
use super::data_type;
use super::engine::ProgressEngine;
use super::flight::{Flight, FlightMemory};
use super::neighbours::Neighbour;
use super::path::{self, Path};
use super::plain::VePlain;
use super::raw::RawComm;
use super::receive::{Receive, Wanted};
use super::region::TransferRegion;
use super::request::{Pending, RecvRequest, SendRequest};
use super::send::{Destination, Send};
use super::status::{ANY_SOURCE, ANY_TAG, Status};
use super::window::WindowAddress;
use crate::error::{Error, Result};

/// A communicator for memory of a VE process: messages come from there and go there.
///
/// Every transfer takes a context and first waits for the requests that this has queued. A blocking form has ended when it returns; after
/// an immediate form, work on its memory is queued after `wait`. Counts may be of any size. Messages of different types, and
/// those that are longer than the memory for them, are errors of the receiver, and nothing is written.
///
/// Messages move while the program is in a call of [`VeComm`] or [`VePlain`]: wait for open requests before other calls of MPI,
/// such as `barrier` of its world, and before it ends. [`run`](crate::run) waits for those that were dropped until all ranks have
/// done their part; without it a [`barrier`](Self::barrier) at the end does so. Messages to a rank that has dropped this without receiving them are
/// thrown away. Their senders are not told, and [`run`](crate::run) of the receiver prints at the end how many there were.
///
/// If one rank refuses an argument, such as memory of another process, or gives up what all do together since its VE process has ended, the
/// others are not told and go on waiting for it: [`run`](crate::run) ends them when the error leaves its closure.
///
/// Only one thread calls MPI, the one that has made the first of these. Both ends of a message use the same [`VeComm`];
/// [`plain`](Self::plain) is for programs that do not know it.
///
/// ```no_run
/// # fn main() -> veo_mpi::Result<()> {
/// use veo_core::VeoProc;
/// use veo_mpi::mpi;
/// use veo_mpi::{Operation, VeComm};
///
/// let universe = mpi::initialize().expect("MPI has not begun before");
/// let world = universe.world();
/// let proc = VeoProc::new(0)?;
/// let ctx = proc.open_context()?;
/// let comm = VeComm::new(&world, &proc)?;
/// let x = proc.upload(&[f64::from(comm.rank()); 1000])?;
/// let mut sum = proc.alloc::<f64>(1000)?;
/// comm.all_reduce(&ctx, &x, &mut sum, &Operation::sum())?;
///
/// let mut y = proc.alloc::<f64>(1000)?;
/// let (next, last) = ((comm.rank() + 1) % comm.size(), (comm.rank() + comm.size() - 1) % comm.size());
/// let status = comm.sendrecv(&ctx, &x, next, 0, &mut y, last, 0)?;
/// assert_eq!((status.source_rank(), status.count()), (last, 1000));
/// # Ok(())
/// # }
/// ```
pub struct VeComm<'c> {
    pub(super) engine: &'static ProgressEngine,
    pub(super) channel: Rc<Channel>,
    pub(super) proc: VeoProc,
    /// The communicator that this was made for.
    origin: RawComm,
    of: PhantomData<&'c ()>,
}

impl<'c> VeComm<'c> {
    /// For the ranks of `comm`, each of which gives its process. All of them call this: it duplicates the communicator. The
    /// path is [`Path::Auto`], which `VEO_MPI_PATH` (`auto`, `staged`, `remote`, `direct`) overrides; `VEO_MPI_CHUNK` is the length of a
    /// chunk of staging, 256 KiB without it.
    ///
    /// # Errors
    ///
    /// [`Error::Path`] if a rank cannot have its path, or the ranks have different ones, in all ranks;
    /// [`Error::NotRunning`]; [`Error::OtherThread`]; [`Error::Mpi`], also for a communicator that connects two groups.
    pub fn new<C>(comm: &'c C, proc: &VeoProc) -> Result<VeComm<'c>>
    where
        C: Communicator + AsRaw<Raw = MPI_Comm>,
    {
        VeComm::with_path(comm, proc, Path::Auto)
    }

    /// As [`new`](Self::new), with a path, whatever `VEO_MPI_PATH` says.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_path<C>(comm: &'c C, proc: &VeoProc, path: Path) -> Result<VeComm<'c>>
    where
        C: Communicator + AsRaw<Raw = MPI_Comm>,
    {
        let engine = ProgressEngine::current()?;
        // SAFETY: the communicator is borrowed as long as this lives.
        let origin = unsafe { RawComm::new(comm.as_raw()) };
        let chosen = path
            .choose(proc)
            .and_then(|path| Ok((path, path::chunk_len()?)));
        let (duplicate, place) = engine.duplicate(proc, origin)?;
        let (code, chunk) = match &chosen {
            Ok((Path::Direct, chunk)) => (2, *chunk),
            Ok((_, chunk)) => (1, *chunk),
            // The others have to know.
            Err(_) => (0, 0),
        };
        let path = if code == 2 {
            Path::Direct
        } else {
            Path::Staged
        };
        let comm = VeComm {
            engine,
            channel: Channel::new(duplicate, place, path, chunk),
            proc: proc.clone(),
            origin,
            of: PhantomData,
        };
        let [least, most, chunk] = comm.least(proc, [code, !code, chunk as u64])?;
        chosen?;
        let differ = |reason: &str| {
            Err(Error::Path {
                reason: reason.into(),
            })
        };
        if least == 0 {
            return differ("another rank cannot have the path that it wants, and says why");
        }
        if least != !most {
            return differ(
                "some ranks want the path `staged`, others `direct`; set VEO_MPI_PATH in all of them",
            );
        }
        // It is one of those that the ranks have given.
        let chunk = usize::try_from(chunk).unwrap_or(usize::MAX);
        comm.channel.agree_on(chunk);
        if path == Path::Staged {
            let neighbours = comm.neighbours()?;
            comm.channel.meet(neighbours);
        }
        engine.state()?.open(&comm.channel);
        Ok(comm)
    }

    /// Finds out with which ranks this one shares windows. All ranks do so.
    fn neighbours(&self) -> Result<Vec<Neighbour>> {
        let own = match path::shares_chunks() {
            true => {
                let (chunk, longest) = (self.channel.chunk(), path::chunk_len()?);
                let mut state = self.engine.state()?;
                state.shared().windows.offer(chunk, longest)
            }
            false => None,
        };
        let offered = own.unwrap_or_default().to_words();
        let bytes = offered.into_iter().flat_map(u64::to_ne_bytes).collect();
        let gather = || Flight::all_gather(self.channel.comm, bytes);
        let flight = self.engine.begin(gather)?;
        let (all, _) = self.engine.wait_for(&self.proc, flight)?;
        let mut neighbours = Vec::new();
        for bytes in all.into_host().chunks_exact(8 * WindowAddress::WORDS) {
            let mut words = [0; WindowAddress::WORDS];
            for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
                *word = bytes.try_into().map_or(0, u64::from_ne_bytes);
            }
            let mut state = self.engine.state()?;
            // A rank that shares no window opens none of others.
            let window = own.and_then(|_| {
                let windows = &mut state.shared().windows;
                windows.open(WindowAddress::from_words(words))
            });
            neighbours.push(Neighbour {
                window,
                finds_own: false,
            });
        }
        let found = |neighbour: &Neighbour| u8::from(neighbour.window.is_some());
        let found = neighbours.iter().map(found).collect();
        let tell = || Flight::all_to_all(self.channel.comm, found);
        let flight = self.engine.begin(tell)?;
        let (all, _) = self.engine.wait_for(&self.proc, flight)?;
        for (neighbour, found) in neighbours.iter_mut().zip(all.into_host()) {
            neighbour.finds_own = own.is_some() && found != 0;
        }
        Ok(neighbours)
    }

    /// The number of this rank, from 0.
    #[must_use]
    pub fn rank(&self) -> i32 {
        self.channel.rank
    }

    /// How many ranks there are.
    #[must_use]
    pub fn size(&self) -> i32 {
        self.channel.size
    }

    /// The process whose memory is sent and received.
    #[must_use]
    pub fn proc(&self) -> &VeoProc {
        &self.proc
    }

    /// How values get from VE memory to MPI and back: [`Path::Staged`] or [`Path::Direct`].
    #[must_use]
    pub fn path(&self) -> Path {
        self.channel.path
    }

    /// For messages to and from programs that do not know `VeComm`, by the communicator that this was made for.
    #[must_use]
    pub fn plain(&self) -> VePlain<'_> {
        VePlain::of(self.engine, self.origin, &self.proc, self.channel.path)
    }

    /// Sends values to a rank. When it returns, the memory can be used again; the message may not have come yet.
    ///
    /// # Errors
    ///
    /// [`Error::Rank`]; [`Error::Tag`] if it is negative; [`Error::Veo`] with memory or a context of another process, or
    /// if the process has ended; [`Error::Mpi`]; [`Error::NotRunning`].
    pub fn send<'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        from: impl Into<VeSlice<'b, T>>,
        dest: i32,
        tag: i32,
    ) -> Result<()> {
        self.isend(ctx, from, dest, tag)?.wait()
    }

    /// Receives values of a rank, or of [`ANY_SOURCE`], with a tag, or [`ANY_TAG`]. There may be fewer than `to` has room
    /// for: [`Status::count`] tells.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] if there are more, and [`Error::Types`] if they are of another type: then nothing is written;
    /// [`Error::SenderFailed`]; otherwise as [`send`](Self::send).
    pub fn recv<'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        to: impl Into<VeSliceMut<'b, T>>,
        source: i32,
        tag: i32,
    ) -> Result<Status> {
        self.irecv(ctx, to, source, tag)?.wait()
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
        let receive = self.irecv(ctx, to, source, recv_tag)?;
        let send = self.isend(ctx, from, dest, send_tag)?;
        let status = receive.wait();
        send.wait()?;
        status
    }

    /// Begins to send values to a rank. They move while the program is in a call of [`VeComm`] or [`VePlain`]: wait for the
    /// request before other calls of MPI.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn isend<'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        from: impl Into<VeSlice<'b, T>>,
        dest: i32,
        tag: i32,
    ) -> Result<SendRequest<'b>> {
        self.channel.check_rank(dest)?;
        check_tag(tag)?;
        let from = self.source(ctx, &from.into())?;
        let address = Destination {
            rank: dest,
            tag,
            context: 0,
        };
        Ok(SendRequest::new(self.begin_send(address, from)?))
    }

    /// Begins to receive values: see [`recv`](Self::recv). They move while the program is in a call of [`VeComm`] or
    /// [`VePlain`]: wait for the request before other calls of MPI.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn irecv<'b, T: VeData>(
        &self,
        ctx: &VeoContext,
        to: impl Into<VeSliceMut<'b, T>>,
        source: i32,
        tag: i32,
    ) -> Result<RecvRequest<'b>> {
        let source = (source != ANY_SOURCE).then_some(source);
        let tag = (tag != ANY_TAG).then_some(tag);
        if let Some(source) = source {
            self.channel.check_rank(source)?;
        }
        if let Some(tag) = tag {
            check_tag(tag)?;
        }
        let to = self.target(ctx, &to.into())?;
        let wanted = Wanted {
            source,
            tag,
            context: 0,
        };
        Ok(RecvRequest::new(self.begin_receive(wanted, to)?))
    }

    pub(super) fn begin_send(&self, to: Destination, from: TransferRegion) -> Result<Pending> {
        let mut state = self.engine.state()?;
        let send = Send::begin(&self.channel, to, from, state.shared())?;
        let id = state.send(send);
        Ok(Pending::new(self.engine, id, &self.proc))
    }

    pub(super) fn begin_receive(&self, wanted: Wanted, to: TransferRegion) -> Result<Pending> {
        let mut state = self.engine.state()?;
        let id = state.receive(Receive::new(&self.channel, wanted, to));
        Ok(Pending::new(self.engine, id, &self.proc))
    }

    /// Memory to be sent, when the context has done what is queued.
    pub(super) fn source<T: VeData>(
        &self,
        ctx: &VeoContext,
        from: &VeSlice<'_, T>,
    ) -> Result<TransferRegion> {
        self.check_process(from.proc())?;
        self.sync(ctx)?;
        TransferRegion::of(from, self.channel.path)
    }

    /// Memory to be received to, when the context has done what is queued.
    pub(super) fn target<T: VeData>(
        &self,
        ctx: &VeoContext,
        to: &VeSliceMut<'_, T>,
    ) -> Result<TransferRegion> {
        self.check_process(to.proc())?;
        self.sync(ctx)?;
        TransferRegion::of_mut(to, self.channel.path)
    }

    fn check_process(&self, proc: &VeoProc) -> Result<()> {
        check_process(proc, &self.proc, "a buffer")
    }

    /// Waits for the queued requests of the context. Messages go on meanwhile.
    pub(super) fn sync(&self, ctx: &VeoContext) -> Result<()> {
        sync(self.engine, ctx, &self.proc)
    }

    /// The least that any rank has of each number. It looks at the VE process meanwhile, if there is one.
    pub(super) fn least<'p, const N: usize>(
        &self,
        proc: impl Into<Option<&'p VeoProc>>,
        numbers: [u64; N],
    ) -> Result<[u64; N]> {
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_ne_bytes()).collect();
        let range = 0..bytes.len();
        let to = (FlightMemory::Host(vec![0; bytes.len()]), range.clone());
        let from = (FlightMemory::Host(bytes), range);
        let ty = data_type::number_type::<u64>();
        let flight = self.engine.begin(|| {
            // SAFETY: an operation of MPI, which takes any integer.
            unsafe { Flight::reduce(self.channel.comm, to, from, ty, mpi::ffi::RSMPI_MIN, None) }
        })?;
        let (least, _) = self.engine.wait_for(proc, flight)?;
        let mut found = [0; N];
        for (number, bytes) in found.iter_mut().zip(least.into_host().chunks_exact(8)) {
            *number = bytes.try_into().map_or(0, u64::from_ne_bytes);
        }
        Ok(found)
    }
}

/// Messages that were not received are thrown away, so that their senders come to an end.
impl Drop for VeComm<'_> {
    fn drop(&mut self) {
        self.channel.close();
        if std::thread::panicking() {
            return;
        }
        match self.engine.state() {
            Ok(mut state) => {
                state.close(&self.channel);
                // Where this fails, the next look at any request does it.
                drop(state.progress());
            }
            // MPI does not call itself to give its part of the channel back.
            Err(Error::Reentered) => std::mem::forget(Rc::clone(&self.channel)),
            Err(_) => {}
        }
    }
}

impl fmt::Debug for VeComm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "VeComm(rank {} of {}, {})",
            self.rank(),
            self.size(),
            self.path()
        )
    }
}
