//! Starting a process.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use veo_abi::Verify;

use super::handle::VeoProc;
use super::hooks;
use super::settings::{Kernels, Stream, Wishes, verify_from_environment};
use super::shared::ProcShared;
use super::thread;
use crate::backend::{self, Api, Backend};
use crate::error::{Error, Result};
use crate::session::Keeper;

/// Starts a process with other settings than [`VeoProc::new`] has.
///
/// ```no_run
/// # fn main() -> veo_core::Result<()> {
/// use veo_core::VeoProc;
/// let proc = VeoProc::builder().node(1).memory(1 << 30).build()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "call `build`"]
#[derive(Default)]
pub struct VeoProcBuilder {
    node: i32,
    backend: Option<Backend>,
    wishes: Wishes,
}

impl std::fmt::Debug for VeoProcBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VeoProcBuilder")
            .field("node", &self.node)
            .field("backend", &self.backend)
            .field("veorun", &self.wishes.veorun)
            .field("kernels", &self.wishes.kernels)
            .field("prototypes", &self.wishes.verify)
            .field("memory", &self.wishes.memory)
            .field("time_limit", &self.wishes.time_limit)
            .field("omp_threads", &self.wishes.omp_threads)
            .finish_non_exhaustive()
    }
}

impl VeoProc {
    /// Starts a process on VE node `node` (`veo_proc_create`); -1 takes
    /// `VE_NODE_NUMBER` from the environment, else the first. Under a job scheduler
    /// (`_VENODELIST`) `node` is a place in its list.
    ///
    /// # Errors
    ///
    /// See [`VeoProcBuilder::build`].
    pub fn new(node: i32) -> Result<VeoProc> {
        VeoProc::builder().node(node).build()
    }

    /// Starts a process with other settings.
    pub fn builder() -> VeoProcBuilder {
        VeoProcBuilder::default()
    }
}

impl VeoProcBuilder {
    /// The VE node, by default 0; as for [`VeoProc::new`].
    pub fn node(mut self, node: i32) -> Self {
        self.node = node;
        self
    }

    /// What is to run the kernels, whatever `VEO_BACKEND` says.
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = Some(backend);
        self
    }

    /// The program to start on the VE: one with statically linked kernels, as
    /// `veo_build` makes it (`veo_proc_create_static`).
    pub fn veorun(mut self, veorun: impl Into<PathBuf>) -> Self {
        self.wishes.veorun = Some(veorun.into());
        self
    }

    /// When declared kernels are looked up.
    pub fn kernels(mut self, kernels: Kernels) -> Self {
        self.wishes.kernels = kernels;
        self
    }

    /// What is done about a declaration that contradicts a library's debug information,
    /// where the declaration itself does not say (`verify`). Without this, `VEO_VERIFY` in
    /// the environment decides: `deny`, `warn` or `off`.
    pub fn prototypes(mut self, prototypes: Verify) -> Self {
        self.wishes.verify = prototypes;
        self
    }

    /// Bytes of VE memory for the process: at least 1 MiB, at most what the node has,
    /// and that is the default; 0 is an error. The emulated node alone; a card has what it has.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.wishes.memory = Some(bytes);
        self
    }

    /// The longest time that one request may run before its process is ended: all errors
    /// have [`Cause::TimeLimit`](crate::Cause::TimeLimit) then. Loading and unloading a
    /// library count, too, since functions of it run then. The emulated node alone.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.wishes.time_limit = Some(limit);
        self
    }

    /// How many threads OpenMP may use in kernels, at least 1; without it the environment
    /// says (`VE_OMP_NUM_THREADS`), or there are as many as the node has cores. The threads
    /// of all contexts of a process share these cores: with several contexts at work,
    /// `omp_threads(1)` is what they need.
    ///
    /// The emulated node sets it in the environment of the VE process. NEC's library takes
    /// it from the environment of the program, which nothing here changes: there it has to
    /// be this number when the process is created, else [`build`](Self::build) says so.
    pub fn omp_threads(mut self, threads: u32) -> Self {
        self.wishes.omp_threads = Some(threads);
        self
    }

    /// Has `output` called with what kernels print, instead of printing it. It runs on
    /// a thread of the backend, and the process waits for it. So whatever waits for the
    /// process inside it is [`Error::WouldDeadlock`], the first call of a kernel too, which is
    /// looked up then. Queueing other calls, `peek`, `kill` and other processes are fine. Waits
    /// with a time limit give up while it does not return, and so does
    /// [`VeoProc::close`]. The emulated node alone.
    pub fn stdout(mut self, output: impl Fn(Stream, &[u8]) + Send + Sync + 'static) -> Self {
        self.wishes.output = Some(Arc::new(output));
        self
    }

    /// Starts the process, resolves kernels and runs the hooks.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] if nothing can run kernels; [`Error::NoSuchNode`],
    /// [`Error::ProcessStart`]; [`Error::Kernels`] with all kernels that cannot be
    /// used; [`Error::Hook`]. After an error the process is gone.
    pub fn build(self) -> Result<VeoProc> {
        let api = backend::select(self.backend)?;
        self.build_on(api)
    }

    pub(crate) fn build_on(mut self, api: &'static Api) -> Result<VeoProc> {
        let node = self.node;
        if self.wishes.verify == Verify::Default {
            self.wishes.verify = verify_from_environment(node)?;
        }
        api.extension.check_node(node)?;
        let kernels = self.wishes.kernels;
        let (tasks, inbox) = channel();
        let (ready, started) = channel();
        let keeper = Keeper::new(tasks);
        std::thread::Builder::new()
            .name(match node {
                -1 => "veo-node".into(),
                node => format!("veo-node-{node}"),
            })
            .spawn(
                move || match thread::start(self.wishes, api, node, keeper) {
                    Ok(shared) => {
                        if ready.send(Ok(Arc::clone(&shared))).is_ok() {
                            thread::run(&shared, &inbox);
                        }
                    }
                    Err(error) => report(&ready, error),
                },
            )
            .map_err(|error| Error::System {
                what: "cannot start the thread of a VE process".into(),
                reason: error.to_string(),
            })?;
        let shared = started.recv().map_err(|_| Error::ProcessStart {
            node,
            reason: "its thread ended".into(),
        })??;
        let proc = VeoProc::enter(shared);
        tracing::debug!("started {} on {}", proc.shared().core, api.name);
        if kernels == Kernels::Eager {
            proc.shared().resolve_eagerly()?;
        }
        hooks::run(&proc)?;
        Ok(proc)
    }
}

fn report(ready: &Sender<Result<Arc<ProcShared>>>, error: Error) {
    // The receiver waits for this message; it cannot be gone.
    let _ = ready.send(Err(error));
}

#[cfg(all(test, feature = "emu", target_os = "linux", not(miri)))]
#[path = "libveo_tests.rs"]
mod libveo_tests;
