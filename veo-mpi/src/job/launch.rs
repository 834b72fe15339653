//! The course of a job: MPI begins, the VE process starts, the program does its part, both end.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::marker::PhantomData;
use std::mem::{self, ManuallyDrop};
use std::panic::{AssertUnwindSafe, catch_unwind};

use mpi::Threading;
use mpi::topology::{Communicator, SimpleCommunicator};
use veo_core::{VeoProc, VeoProcBuilder};

use super::binding::Cpus;
use super::ending;
use super::node::{NodeOptions, RankPlace};
use super::watch::JobWatcher;
use crate::comm;
use crate::error::{Error, Result};

/// Runs this rank's part of a job: begins MPI, starts a VE process, calls `part`, ends both. The same as `builder().run(part)`.
///
/// The VE process is on node `local_rank % nodes` of the machine: of those in `_VENODELIST`, where a batch system has made that list, or
/// on the one that `VE_NODE_NUMBER` names. [`JobBuilder`] changes that.
///
/// # When something goes wrong
///
/// An `Err` of `part`, a panic in it, and an end of the VE process by a fault end the whole job: the rank, its host and the reason are printed on the
/// standard error, and all ranks are ended by `MPI_Abort`, with a status that is not 0. `exit` before the end of `part` does so, too.
/// This thread may not return, since it waits for another rank or computes. Then a second thread sees that the VE process has
/// ended, and ends this process within some two seconds. The launcher ends the others.
///
/// This function therefore returns an error only if MPI has not begun. MPI does not begin a second time in a program.
///
/// All ranks of the world call this. Where some of them run other programs, begin MPI with rsmpi's `mpi::initialize` and use
/// [`VePlain::new`](crate::VePlain::new).
///
/// ```no_run
/// fn main() -> veo_mpi::Result<()> {
///     veo_mpi::run(|job| {
///         println!("rank {} is on VE node {}", job.rank(), job.proc().nodeid());
///         Ok(())
///     })
/// }
/// ```
///
/// # Errors
///
/// [`Error::SecondRun`], [`Error::AlreadyInitialised`]; [`Error::System`] if a thread cannot be started.
pub fn run(part: impl FnOnce(&Job) -> std::result::Result<(), Box<dyn StdError>>) -> Result<()> {
    builder().run(part)
}

/// A job with other settings.
pub fn builder() -> JobBuilder {
    JobBuilder::default()
}

/// The settings of a job.
#[derive(Default)]
#[must_use = "nothing runs before `run`"]
pub struct JobBuilder {
    node_options: NodeOptions,
    process: VeoProcBuilder,
}

impl fmt::Debug for JobBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobBuilder")
            .field("node", &self.node_options.node)
            .field("ranks_per_node", &self.node_options.ranks_per_node)
            .finish_non_exhaustive()
    }
}

impl JobBuilder {
    /// The VE node of this rank, as [`VeoProc::new`] takes it, whatever the environment says.
    pub fn node(mut self, node: i32) -> JobBuilder {
        self.node_options.node = Some(node);
        self
    }

    /// Puts so many ranks of a machine on each node: with 2, local ranks 0 and 1 on the first, 2 and 3 on the second. Without this ranks take
    /// turns, and neighbours are on different nodes.
    pub fn ranks_per_node(mut self, count: i32) -> JobBuilder {
        self.node_options.ranks_per_node = Some(count);
        self
    }

    /// The settings of the VE process, but for its node.
    pub fn process(mut self, process: VeoProcBuilder) -> JobBuilder {
        self.process = process;
        self
    }

    /// Runs this rank's part of the job: see [`run`].
    ///
    /// # Errors
    ///
    /// [`Error::Layout`] for settings that no machine can give; otherwise as [`run`].
    pub fn run(
        self,
        part: impl FnOnce(&Job) -> std::result::Result<(), Box<dyn StdError>>,
    ) -> Result<()> {
        self.node_options.check()?;
        if !ending::take_job() {
            return Err(Error::SecondRun);
        }
        let watcher = JobWatcher::start()?;
        let Some((universe, level)) = mpi::initialize_with_threading(Threading::Serialized) else {
            watcher.stop();
            return Err(Error::AlreadyInitialised);
        };
        comm::watch_forks();
        // `MPI_Finalize` waits for all ranks, so it must not be called while unwinding.
        let universe = ManuallyDrop::new(universe);
        let world = universe.world();
        ending::begin(world.rank(), world.size());
        if level < Threading::Serialized {
            ending::end_job(&format_args!(
                "cannot run: its MPI gives thread level {level:?}, and Serialized is needed, since the VE's threads are there, too; build or \
                 choose an MPI with support for threads"
            ));
        }
        let done = catch_unwind(AssertUnwindSafe(|| {
            let job = self.begin(world, &watcher)?;
            part(&job)?;
            let thrown_away = comm::finish(&job.world, &job.proc)?;
            if thrown_away > 0 {
                ending::say(&format_args!(
                    "has thrown away messages that were sent to it and not received: {thrown_away}; each send needs a receive"
                ));
            }
            job.end(&watcher)
        }));
        match done {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                if let Some(Error::SenderFailed { .. }) = error.downcast_ref() {
                    ending::let_others_end_it();
                }
                ending::end_job(&format_args!(
                    "failed, which ends the job: {}",
                    ending::whole(&*error)
                ))
            }
            Err(panic) => {
                let message = message(&*panic).to_owned();
                // Dropping what was thrown could panic again.
                mem::forget(panic);
                ending::end_job(&format_args!("panicked, which ends the job: {message}"))
            }
        }
        if !ending::finish() {
            ending::end_job(&"is being ended");
        }
        drop(ManuallyDrop::into_inner(universe));
        watcher.stop();
        Ok(())
    }

    /// Chooses the node and starts the process. All ranks come here.
    fn begin(self, world: SimpleCommunicator, watcher: &JobWatcher) -> Result<Job> {
        let machine = world.split_shared(world.rank());
        let place = RankPlace {
            rank: machine.rank(),
            size: machine.size(),
        };
        let cpus = Cpus::of_ranks(&machine);
        let choice = self
            .node_options
            .choose(place, || Ok(veo_core::nodes()?.len()))?;
        if let Some(note) = choice.note {
            ending::say(&note);
        }
        let process = self.process.node(choice.node);
        let proc = cpus.around(|| process.build())?;
        watcher.observe(&proc);
        Ok(Job {
            world,
            local: place,
            proc,
            _thread: PhantomData,
        })
    }
}

/// The text of a panic.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("with something that is no text")
}

/// One rank of a job: see [`run`]. It stays on the thread that may call MPI.
pub struct Job {
    world: SimpleCommunicator,
    local: RankPlace,
    proc: VeoProc,
    /// MPI is called on one thread only.
    _thread: PhantomData<*const ()>,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Job(rank {} of {}, {:?})",
            self.rank(),
            self.size(),
            self.proc
        )
    }
}

impl Job {
    /// The communicator of all ranks (`MPI_COMM_WORLD`). An error of MPI on it ends the job, as MPI has it.
    #[must_use]
    pub fn world(&self) -> &SimpleCommunicator {
        &self.world
    }

    /// The number of this rank in the world, from 0.
    #[must_use]
    pub fn rank(&self) -> i32 {
        self.world.rank()
    }

    /// How many ranks the job has.
    #[must_use]
    pub fn size(&self) -> i32 {
        self.world.size()
    }

    /// The number of this rank among those of its machine, from 0 (`MPI_Comm_split_type` with `MPI_COMM_TYPE_SHARED`).
    #[must_use]
    pub fn local_rank(&self) -> i32 {
        self.local.rank
    }

    /// How many ranks its machine has.
    #[must_use]
    pub fn local_size(&self) -> i32 {
        self.local.size
    }

    /// Its VE process. It ends with the job.
    #[must_use]
    pub fn proc(&self) -> &VeoProc {
        &self.proc
    }

    /// The part is done: the VE process ends in order, or says that it could not.
    fn end(self, watcher: &JobWatcher) -> std::result::Result<(), Box<dyn StdError>> {
        watcher.ignore_process();
        match self.proc.close() {
            // The program has closed it before.
            Err(error @ veo_core::Error::ProcessEnded { .. }) if error.fault().is_none() => Ok(()),
            closed => Ok(closed?),
        }
    }
}
