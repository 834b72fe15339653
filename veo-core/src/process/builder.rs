//! How a process is made: its builder, and the hooks that run then.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use veo_abi::Verify;

use super::settings::{
    Check, Guard, KernelLookup, ProcOptions, Schedule, Stream, verify_from_environment,
};
use super::shared::ProcShared;
use super::thread;
use super::veo_proc::VeoProc;
use crate::backend::{self, Api, Backend};
use crate::error::{Error, Result};
use crate::queue::panic_message;
use crate::races::Races;
use crate::session::ProcThreadHandle;

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
    options: ProcOptions,
}

impl std::fmt::Debug for VeoProcBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VeoProcBuilder")
            .field("node", &self.node)
            .field("backend", &self.backend)
            .field("veorun", &self.options.veorun)
            .field("kernels", &self.options.kernels)
            .field("prototypes", &self.options.verify)
            .field("memory", &self.options.memory)
            .field("time_limit", &self.options.time_limit)
            .field("omp_threads", &self.options.omp_threads)
            .field("schedule", &self.options.schedule)
            .field("guard", &self.options.guard)
            .field("races", &self.options.races)
            .field("timeline", &self.options.timeline)
            .field("profile", &self.options.profile)
            .field("check", &self.options.check)
            .field("stats", &self.options.stats)
            .finish_non_exhaustive()
    }
}

impl VeoProcBuilder {
    /// The VE node, by default 0; as for [`VeoProc::new`].
    pub fn node(mut self, node: i32) -> Self {
        self.node = node;
        self
    }

    /// Sets the backend that runs the kernels, whatever `VEO_BACKEND` says.
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = Some(backend);
        self
    }

    /// The program to start on the VE: one with statically linked kernels, as
    /// `veo_build` makes it (`veo_proc_create_static`).
    pub fn veorun(mut self, veorun: impl Into<PathBuf>) -> Self {
        self.options.veorun = Some(veorun.into());
        self
    }

    /// When declared kernels are looked up.
    pub fn kernels(mut self, kernels: KernelLookup) -> Self {
        self.options.kernels = kernels;
        self
    }

    /// Sets what happens if a declaration contradicts a library's debug information and does not say so itself (`verify`).
    /// Without this, `VEO_VERIFY` in the environment decides: `deny`, `warn` or `off`.
    pub fn prototypes(mut self, prototypes: Verify) -> Self {
        self.options.verify = prototypes;
        self
    }

    /// Bytes of VE memory for the process: at least 1 MiB, at most what the node has,
    /// and that is the default; 0 is an error. The emulated node alone; a card has what it has.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.options.memory = Some(bytes);
        self
    }

    /// The longest time that one request may run before its process is ended: all errors
    /// have [`Cause::TimeLimit`](crate::Cause::TimeLimit) then. Loading and unloading a
    /// library count, too, since functions of it run then. The emulated node alone.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.options.time_limit = Some(limit);
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
        self.options.omp_threads = Some(threads);
        self
    }

    /// Starts requests of several contexts in another order than that of their submission, to
    /// find waits that the program lacks. Without this, `VEO_EMU_SCHEDULE` in the environment
    /// decides: `late`, or `random:SEED` with a number.
    ///
    /// The order keeps all promises of libveo: requests of a context run in order, and everything that a wait or
    /// [`sync`](crate::VeoContext::sync) waits for has ended then. Other requests may start before or after. One request runs at
    /// a time; it holds the others back for at most 10 ms, since kernels may wait for each other. A right program does the same
    /// as without, only slower. One seed gives one order, as long as one thread submits and waits. Requests start when somebody
    /// waits. If nobody does, they start once the program has submitted nothing for 200 ms, or when they have waited for two
    /// seconds. Only the emulated node can do this.
    ///
    /// ```
    /// # fn main() -> veo_core::Result<()> {
    /// use veo_core::{Schedule, VeoProc};
    /// # if veo_core::nodes()?[0].backend == veo_core::Backend::Emu {
    /// for seed in 0..3 {
    ///     let proc = VeoProc::builder().schedule(Schedule::Random(seed)).build()?;
    ///     let (load, compute) = (proc.open_context()?, proc.open_context()?);
    ///     let mut x = proc.alloc::<f64>(2)?;
    ///     load.write(&mut x, vec![1.0, 2.0])?.wait()?; // without this wait, some seed fails
    ///     assert_eq!(compute.read(&x)?.wait()?, [1.0, 2.0]);
    /// }
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.options.schedule = Some(schedule);
        self
    }

    /// Guards the blocks of VE memory, whatever `VEO_EMU_GUARD` says, against kernels that leave
    /// them. `VEO_EMU_GUARD=end cargo test` does so without a change of the program.
    ///
    /// With [`Guard::End`], blocks end where inaccessible memory begins, so a kernel that goes past the end gets a signal at that
    /// very access. With [`Guard::Start`] they begin there, for kernels that go below the start. The error names the kernel, the
    /// source line and the block: "8 bytes past the 100 f64 allocated at src/main.rs:12".
    ///
    /// - The other side of a block, and up to 15 bytes behind it with `End`, which its alignment of
    ///   16 bytes takes, are accessible. They hold a pattern. When a kernel ends, it is looked at
    ///   around the blocks that were passed to it (all of the memory up to the next page) and near
    ///   32 others (64 bytes; they take turns), and once more when a block is freed. A write there
    ///   is [`Cause::Overwritten`](crate::Cause::Overwritten), with the kernel but no line. A read
    ///   there is not noticed.
    /// - Freed blocks are not accessible, and their addresses are not used again for a long time:
    ///   an access is a signal, whose error says that they were freed.
    /// - Fresh memory holds signalling NaNs (of `f64`; as `f32` every other one is quiet).
    ///   They are written when a block is allocated, so allocating takes as long as filling the
    ///   block (some two seconds for 1 GiB). At the first touch each page would have to fault, and
    ///   a system call of a kernel that reads or writes such a page would fail.
    /// - Copies between host and VE fail if they leave the block in which they begin.
    /// - Around data on the stack of a call ([`OnStack`](crate::OnStack)) 512 bytes hold the
    ///   pattern, too. When the kernel ends, a write there is `Overwritten`.
    /// - Memory that kernels allocate themselves is not guarded.
    /// - Every block takes whole pages of the machine's memory, and of the system's mappings two. If
    ///   a process has more blocks than there are mappings for (about 24,000 on usual systems), a
    ///   warning says so, and accesses outside of blocks are not noticed before a kernel ends.
    ///
    /// Kernels run as fast as without; a call takes some microseconds more. The emulated node
    /// alone.
    pub fn guard(mut self, guard: Guard) -> Self {
        self.options.guard = Some(guard);
        self
    }

    /// Sets what happens if two requests of different contexts may use the same memory at the same time and one of them writes
    /// it. Without this, `VEO_EMU_RACES` in the environment decides: `warn`, `deny` or `off`, which is the default.
    ///
    /// The host knows which memory a call is given: buffers and slices with their length, of a bare pointer the one element that it points to. A
    /// kernel reads its `*const` parameters and writes its `*mut` parameters; transfers count. Nothing is known of pointers in memory, of parameters
    /// declared as `VeMemPtr`, and of functions that are called by name. Two requests are in order if they are of the same context, or if the first
    /// was waited for, or its context synchronised, before the second was submitted, on whatever thread, or if the second comes
    /// [`after`](crate::VeoContext::after) it; a host function comes after what is queued before it. So a finding may be a right program: where
    /// kernels write parts of the same memory, their declarations say so (`shared(..)`), or each is passed a slice of its own.
    ///
    /// This is looked at on the host, whatever runs the kernels.
    ///
    /// ```
    /// # fn main() -> veo_core::Result<()> {
    /// use veo_core::{Error, Races, VeoProc};
    /// let proc = VeoProc::builder().races(Races::Deny).build()?;
    /// let (load, compute) = (proc.open_context()?, proc.open_context()?);
    /// let mut x = proc.alloc::<f64>(2)?;
    /// let written = load.write(&mut x, vec![1.0, 2.0])?;
    /// let error = compute.read(&x).unwrap_err(); // a wait is missing
    /// assert!(matches!(error, Error::Race { .. }), "{error}");
    /// written.wait()?;
    /// assert_eq!(compute.read(&x)?.wait()?, [1.0, 2.0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn races(mut self, races: Races) -> Self {
        self.options.races = Some(races);
        self
    }

    /// Counts what kernels of VE machine code execute, for [`VeoProc::statistics`], or does not, whatever `VEO_EMU_PROFILE` in the
    /// environment says: `1`, `0`, or `quiet`, which counts as this does. With `1` it is also printed on the standard error when the process
    /// ends. Such kernels are several times slower then. Only the emulated node can do this.
    pub fn profile(mut self, counts: bool) -> Self {
        self.options.profile = Some(counts);
        self
    }

    /// Checks the memory of kernels of VE machine code, or does not, whatever `VEO_EMU_CHECK` in the environment says: `memory`,
    /// `memory-init`, `off`. A kernel that touches what is no block, variable or frame of its stack ends as at a fault, with the source line,
    /// the block, and who has allocated and freed it; with `,continue` behind it in the variable, it is told on the standard error and goes
    /// on. Such kernels take several times as long. docs/book/src/memory-check.md has all of it. Only the emulated node can do this.
    pub fn check(mut self, check: Check) -> Self {
        self.options.check = Some(check);
        self
    }

    /// Whether statistics of requests are gathered, for [`VeoProc::stats`], whatever `VEO_STATS` in the environment says. Without this,
    /// `VEO_STATS=1` has it gathered, and a table printed on the standard error when the process or the program ends, `VEO_STATS=DETAIL`
    /// one with a line for each context; docs/book/src/statistics.md explains it. A call takes some hundred nanoseconds more then.
    pub fn stats(mut self, gathers: bool) -> Self {
        self.options.stats = Some(gathers);
        self
    }

    /// Records the requests of the process in this file, whatever `VEO_TIMELINE` in the environment
    /// says; [`timeline`](crate::timeline) explains it. Processes of one program may have the same
    /// file. If it cannot be written, there is a warning, and the program goes on.
    pub fn timeline(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.timeline = Some(path.into());
        self
    }

    /// Prepares the process for a library that will be loaded by its path
    /// ([`load_library`](VeoProc::load_library)): if it was built with a sanitizer
    /// (`VEO_SANITIZE`), the emulated node loads the sanitizer's runtime library first, which
    /// is too late afterwards. The libraries of declared kernels need no such word.
    pub fn prepare_for(mut self, library: impl Into<PathBuf>) -> Self {
        self.options.libraries.push(library.into());
        self
    }

    /// Has `output` called with what kernels print, instead of printing it. It runs on a thread of
    /// the backend, and the process waits for it. So a wait for the process inside it is
    /// [`Error::WouldDeadlock`], the first call of a kernel too, which is looked up then. Queueing
    /// other calls, `peek`, `kill` and other processes are fine. Waits with a time limit give up
    /// while it does not return, and so does [`VeoProc::close`]. The emulated node alone.
    pub fn stdout(mut self, output: impl Fn(Stream, &[u8]) + Send + Sync + 'static) -> Self {
        self.options.output = Some(Arc::new(output));
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

    /// Starts a process in place of one that has ended: see [`VeoProc::restart`].
    pub(crate) fn build_again(shared: &ProcShared) -> Result<VeoProc> {
        let core = &shared.core;
        core.check_image(&"restarting the process")?;
        if !core.is_ending() {
            return Err(Error::NotEnded {
                proc: core.to_string(),
            });
        }
        let successor = VeoProcBuilder {
            node: shared.settings.asked_node,
            backend: Some(core.api.backend),
            options: shared.settings.options.clone(),
        };
        let proc = successor.build_on(core.api)?;
        tracing::info!("{} takes the place of {core}", proc.shared().core);
        Ok(proc)
    }

    pub(crate) fn build_on(mut self, api: &'static Api) -> Result<VeoProc> {
        let node = self.node;
        if self.options.verify == Verify::Default {
            self.options.verify = verify_from_environment(node)?;
        }
        api.extension.check_node(node)?;
        let kernels = self.options.kernels;
        let (tasks, inbox) = channel();
        let (ready, started) = channel();
        let proc_thread = ProcThreadHandle::new(tasks);
        std::thread::Builder::new()
            .name(match node {
                -1 => "veo-node".into(),
                node => format!("veo-node-{node}"),
            })
            .spawn(
                move || match thread::start(self.options, api, node, proc_thread) {
                    Ok(shared) => {
                        if ready.send(Ok(Arc::clone(&shared))).is_ok() {
                            thread::run(&shared, &inbox);
                        }
                    }
                    Err(error) => send_failure(&ready, error),
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
        if kernels == KernelLookup::Eager {
            proc.shared().resolve_eagerly()?;
        }
        run_hooks(&proc)?;
        Ok(proc)
    }
}

fn send_failure(ready: &Sender<Result<Arc<ProcShared>>>, error: Error) {
    // The receiver waits for this message; it cannot be gone.
    let _ = ready.send(Err(error));
}

/// A hook that is part of the program. All hooks run on a process when it was created and its
/// kernels were resolved: first those that are part of the program, by their order and name,
/// then those of [`set_proc_init_hook`] in the order in which they were set. The list is made
/// before the first one runs, and no lock is held. The first that fails or panics fails the
/// creation.
///
/// ```
/// use veo_core::{ProcInitHook, inventory};
///
/// inventory::submit! {
///     ProcInitHook::new("load tables", |proc| {
///         println!("a process on node {}", proc.nodeid());
///         Ok(())
///     })
/// }
/// ```
#[derive(Debug)]
pub struct ProcInitHook {
    name: &'static str,
    order: i32,
    hook: fn(&VeoProc) -> Result<()>,
}

impl ProcInitHook {
    /// A hook of order 0. The name is for messages.
    #[must_use]
    pub const fn new(name: &'static str, hook: fn(&VeoProc) -> Result<()>) -> ProcInitHook {
        ProcInitHook {
            name,
            order: 0,
            hook,
        }
    }

    /// The same with another order: lower ones run first.
    #[must_use]
    pub const fn order(self, order: i32) -> ProcInitHook {
        ProcInitHook { order, ..self }
    }
}

inventory::collect!(ProcInitHook);

/// A hook that was set, to be given to [`del_proc_init_hook`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HookId(u64);

type Hook = dyn Fn(&VeoProc) -> Result<()> + Send + Sync;

static HOOKS: Mutex<Vec<(HookId, Arc<Hook>)>> = Mutex::new(Vec::new());

fn hooks() -> MutexGuard<'static, Vec<(HookId, Arc<Hook>)>> {
    HOOKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has `hook` run on every process that is created from now on.
pub fn set_proc_init_hook(hook: impl Fn(&VeoProc) -> Result<()> + Send + Sync + 'static) -> HookId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = HookId(NEXT.fetch_add(1, Ordering::Relaxed));
    hooks().push((id, Arc::new(hook)));
    id
}

/// Takes a hook away; `false` if it was not there any more.
pub fn del_proc_init_hook(id: HookId) -> bool {
    let mut hooks = hooks();
    let found = hooks.iter().position(|(other, _)| *other == id);
    let removed = found.map(|index| hooks.remove(index));
    // The values that the hook captured are dropped without the lock.
    drop(hooks);
    removed.is_some()
}

/// Runs all hooks on a new process.
fn run_hooks(proc: &VeoProc) -> Result<()> {
    let mut fixed: Vec<&ProcInitHook> = inventory::iter::<ProcInitHook>.into_iter().collect();
    fixed.sort_by_key(|hook| (hook.order, hook.name));
    for hook in fixed {
        run_hook(hook.name, || (hook.hook)(proc))?;
    }
    let set = hooks().clone();
    for (id, hook) in set {
        run_hook(&format!("hook {}", id.0), || hook(proc))?;
    }
    Ok(())
}

fn run_hook(name: &str, hook: impl FnOnce() -> Result<()>) -> Result<()> {
    let failed = |reason| Error::Hook {
        name: name.to_owned(),
        reason,
    };
    match catch_unwind(AssertUnwindSafe(hook)) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(panic) => {
            let reason = format!("it panicked: {}", panic_message(&*panic));
            // Dropping what was thrown could panic again.
            std::mem::forget(panic);
            Err(failed(reason))
        }
    }
}

#[cfg(all(test, feature = "emu", target_os = "linux", not(miri)))]
#[path = "libveo_tests.rs"]
mod libveo_tests;
