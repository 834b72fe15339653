//! Starting a process.

use std::ffi::{CString, c_char, c_void};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use veo_abi::ffi::{veo_emu_options, veo_proc_handle};

use super::hooks;
use super::shared::ProcShared;
use super::thread;
use super::{ProcHandle, VeoProc, registry};
use crate::backend::{self, Api, Backend, need};
use crate::error::{Error, Result};
use crate::queue::CtxShared;
use crate::session::Keeper;
use crate::session::OnHost;
use crate::session::ProcCore;

/// When the declared kernels of a program are looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kernels {
    /// Those whose libraries the program's own build made when the process is
    /// created, so that a missing one is an error there; the others on first use.
    #[default]
    Eager,
    /// All on first use.
    Lazy,
    /// Not at all: calls of declared kernels are errors. For tools that load
    /// libraries by themselves.
    None,
}

/// What is done about a declaration that contradicts the library's debug information.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prototypes {
    /// The kernel cannot be used: [`Error::Prototype`].
    #[default]
    Deny,
    /// A warning through `tracing`.
    Warn,
    /// Nothing is compared.
    Off,
}

impl Prototypes {
    /// What `VEO_VERIFY` says, the same as while declarations are compiled.
    fn from_environment(node: i32) -> Result<Prototypes> {
        let Some(word) = std::env::var_os("VEO_VERIFY") else {
            return Ok(Prototypes::default());
        };
        match word.to_str() {
            Some("") => Ok(Prototypes::default()),
            Some("deny") => Ok(Prototypes::Deny),
            Some("warn") => Ok(Prototypes::Warn),
            Some("off") => Ok(Prototypes::Off),
            _ => Err(Error::ProcessStart {
                node,
                reason: format!(
                    "VEO_VERIFY is {word:?}: set it to `deny`, `warn` or `off`, or unset it"
                ),
            }),
        }
    }
}

/// Where a kernel's output comes from, for [`VeoProcBuilder::stdout`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The standard output.
    Stdout,
    /// The standard error.
    Stderr,
}

type Output = dyn Fn(Stream, &[u8]) + Send + Sync;

/// Settings that matter after the process was started.
pub(crate) struct Settings {
    /// The program with statically linked kernels, if one was given.
    pub(crate) veorun: Option<PathBuf>,
    pub(crate) kernels: Kernels,
    pub(crate) prototypes: Prototypes,
    /// What the backend calls with output. Kept as long as the process.
    _output: Option<Box<Arc<Output>>>,
}

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
    veorun: Option<PathBuf>,
    kernels: Kernels,
    prototypes: Option<Prototypes>,
    memory: Option<u64>,
    time_limit: Option<Duration>,
    output: Option<Arc<Output>>,
}

impl std::fmt::Debug for VeoProcBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VeoProcBuilder")
            .field("node", &self.node)
            .field("backend", &self.backend)
            .field("veorun", &self.veorun)
            .field("kernels", &self.kernels)
            .field("prototypes", &self.prototypes)
            .field("memory", &self.memory)
            .field("time_limit", &self.time_limit)
            .finish_non_exhaustive()
    }
}

impl VeoProcBuilder {
    /// The VE node, by default 0. -1 takes `VE_NODE_NUMBER` from the environment, else 0.
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
        self.veorun = Some(veorun.into());
        self
    }

    /// When declared kernels are looked up.
    pub fn kernels(mut self, kernels: Kernels) -> Self {
        self.kernels = kernels;
        self
    }

    /// What is done about a declaration that contradicts a library's debug information,
    /// where the declaration itself does not say (`verify`). Without this, `VEO_VERIFY` in
    /// the environment decides: `deny`, `warn` or `off`.
    pub fn prototypes(mut self, prototypes: Prototypes) -> Self {
        self.prototypes = Some(prototypes);
        self
    }

    /// Bytes of VE memory for the process: at least 1 MiB, at most what the node has,
    /// and that is the default. The emulated node alone; a card has what it has.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// The longest time that one request may run before its process is ended. The
    /// emulated node alone.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = Some(limit);
        self
    }

    /// Has `output` called with what kernels print, instead of printing it. It runs on
    /// a thread of the backend and must not use the process. The emulated node alone.
    pub fn stdout(mut self, output: impl Fn(Stream, &[u8]) + Send + Sync + 'static) -> Self {
        self.output = Some(Arc::new(output));
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
        let node = self.actual_node()?;
        let prototypes = match self.prototypes {
            Some(prototypes) => prototypes,
            None => Prototypes::from_environment(node)?,
        };
        self.prototypes = Some(prototypes);
        check_surroundings(api, node)?;
        let kernels = self.kernels;
        let (tasks, inbox) = channel();
        let (ready, started) = channel();
        let keeper = Keeper::new(tasks);
        std::thread::Builder::new()
            .name(format!("veo-node-{node}"))
            .spawn(move || match self.start(api, node, keeper) {
                Ok(shared) => {
                    if ready.send(Ok(Arc::clone(&shared))).is_ok() {
                        thread::run(&shared, &inbox);
                    }
                }
                Err(error) => report(&ready, error),
            })
            .map_err(|error| Error::System {
                what: "cannot start the thread of a VE process".into(),
                reason: error.to_string(),
            })?;
        let shared = started.recv().map_err(|_| Error::ProcessStart {
            node,
            reason: "its thread ended".into(),
        })??;
        let proc = VeoProc(Arc::new(ProcHandle::new(shared)));
        registry::enter(&proc);
        tracing::debug!("started {} on {}", proc.shared().core, api.name);
        if kernels == Kernels::Eager {
            proc.shared().resolve_eagerly()?;
        }
        hooks::run(&proc)?;
        Ok(proc)
    }

    /// The node that -1 stands for.
    fn actual_node(&self) -> Result<i32> {
        if self.node != -1 {
            return Ok(self.node);
        }
        match std::env::var("VE_NODE_NUMBER") {
            Err(_) => Ok(0),
            Ok(text) => text.trim().parse().map_err(|_| Error::ProcessStart {
                node: -1,
                reason: format!("VE_NODE_NUMBER is {text:?}, not a number"),
            }),
        }
    }

    /// Runs on the thread that will belong to the process.
    fn start(self, api: &'static Api, node: i32, keeper: Keeper) -> Result<Arc<ProcShared>> {
        let output = self.output.clone().map(Box::new);
        let handle = self.create(api, node, output.as_deref())?;
        let open = need!(api, veo_context_open, "a process")?;
        // SAFETY: the process was just created; nobody else knows it.
        let main = unsafe { open(handle) };
        if main.is_null() {
            let reason = api.last_error().unwrap_or_else(|| "no reason given".into());
            if let Some(destroy) = api.table.veo_proc_destroy {
                // SAFETY: as above; it is not used again.
                unsafe { destroy(handle) };
            }
            return Err(Error::ProcessStart {
                node,
                reason: format!("its main context cannot be opened: {reason}"),
            });
        }
        let on_host = on_host(api, handle);
        let core = Arc::new(ProcCore::new(api, handle, node, keeper, on_host));
        let main = CtxShared::new(Arc::clone(&core), main);
        Ok(Arc::new(ProcShared::new(
            core,
            main,
            Settings {
                veorun: self.veorun,
                kernels: self.kernels,
                prototypes: self.prototypes.unwrap_or_default(),
                _output: output,
            },
        )))
    }

    fn create(
        &self,
        api: &'static Api,
        node: i32,
        output: Option<&Arc<Output>>,
    ) -> Result<*mut veo_proc_handle> {
        let failed = |reason: String| Error::ProcessStart { node, reason };
        let veorun = match &self.veorun {
            None => None,
            Some(path) => {
                let path = path
                    .canonicalize()
                    .map_err(|error| failed(format!("veorun {}: {error}", path.display())))?;
                Some(c_path(&path).ok_or_else(|| {
                    failed(format!("veorun {}: a NUL in its path", path.display()))
                })?)
            }
        };
        let veorun_ptr = veorun
            .as_ref()
            .map_or(std::ptr::null(), |path| path.as_ptr());
        let handle = if let Some(create) = api.table.veo_emu_proc_create {
            let options = veo_emu_options {
                struct_size: size_of::<veo_emu_options>(),
                veorun: veorun_ptr,
                // For the backend 0 is the default; whoever asks for nothing gets an error.
                memory: self.memory.map_or(0, |bytes| bytes.max(1)),
                time_limit_ms: self.time_limit.map_or(0, |limit| {
                    u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).max(1)
                }),
                output: output.map(|_| forward as unsafe extern "C" fn(_, _, _, _)),
                output_payload: output.map_or(std::ptr::null_mut(), |output| {
                    std::ptr::from_ref(output).cast_mut().cast()
                }),
            };
            // SAFETY: the options and the path in them are valid for the call; the
            // payload is kept until the process was destroyed.
            unsafe { create(node, &raw const options) }
        } else {
            self.refuse_options(api)?;
            if veorun.is_some() {
                let create = need!(api, veo_proc_create_static, "a static veorun")?;
                // SAFETY: the path is a terminated string.
                unsafe { create(node, veorun_ptr.cast_mut()) }
            } else {
                let create = need!(api, veo_proc_create, "a process")?;
                // SAFETY: no preconditions.
                unsafe { create(node) }
            }
        };
        if !handle.is_null() {
            return Ok(handle);
        }
        let reason = api.last_error();
        Err(failed(reason.unwrap_or_else(|| {
            format!("{} gave no reason; see its messages above", api.name)
        })))
    }

    /// Settings that a card does not have.
    fn refuse_options(&self, api: &Api) -> Result<()> {
        let refused = [
            ("memory", self.memory.is_some()),
            ("time_limit", self.time_limit.is_some()),
            ("stdout", self.output.is_some()),
        ];
        match refused.iter().find(|(_, set)| *set) {
            None => Ok(()),
            Some((name, _)) => Err(Error::ProcessStart {
                node: self.node,
                reason: format!(
                    "the setting `{name}` is for the emulated node, not {}",
                    api.name
                ),
            }),
        }
    }
}

fn report(ready: &Sender<Result<Arc<ProcShared>>>, error: Error) {
    // The receiver waits for this message; it cannot be gone.
    let _ = ready.send(Err(error));
}

#[cfg(unix)]
pub(super) fn c_path(path: &std::path::Path) -> Option<CString> {
    use std::os::unix::ffi::OsStrExt;
    CString::new(path.as_os_str().as_bytes()).ok()
}

#[cfg(not(unix))]
pub(super) fn c_path(path: &std::path::Path) -> Option<CString> {
    CString::new(path.to_str()?).ok()
}

/// What has to hold before libveo creates a process.
fn check_surroundings(api: &Api, node: i32) -> Result<()> {
    if let Some(count) = api.table.veo_emu_num_nodes {
        // SAFETY: no preconditions.
        let count = unsafe { count() };
        if node < 0 || node >= count {
            return Err(Error::NoSuchNode {
                node,
                reason: format!("there are {count}, numbered from 0"),
            });
        }
    }
    #[cfg(unix)]
    if api.is_libveo() && children_are_reaped() {
        return Err(Error::ProcessStart {
            node,
            reason: "SIGCHLD is ignored in this program, so libveo could never notice the end of \
                     the VE process; restore its default action first"
                .into(),
        });
    }
    Ok(())
}

/// Whether the system reaps children by itself, so that nobody can wait for them.
#[cfg(unix)]
fn children_are_reaped() -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: only asks; the result is valid for writing.
    let status = unsafe { libc::sigaction(libc::SIGCHLD, std::ptr::null(), action.as_mut_ptr()) };
    if status != 0 {
        return false;
    }
    // SAFETY: filled in by the call above, and valid as zeroes before.
    let action = unsafe { action.assume_init() };
    action.sa_sigaction == libc::SIG_IGN || action.sa_flags & libc::SA_NOCLDWAIT != 0
}

/// The VE process on the host, where the backend has no way to end it.
#[cfg(target_os = "linux")]
fn on_host(api: &Api, handle: *mut veo_proc_handle) -> Option<OnHost> {
    if api.table.veo_emu_kill.is_some() {
        return None;
    }
    let identify = api.table.veo_proc_identifier?;
    let tag = api.table.veo_set_proc_identifier?;
    let pid = api.table.veo_get_pid_from_hmem?;
    // SAFETY: the process was just created; the tagged address is only taken apart.
    let pid = unsafe {
        let tagged = tag(8 as *mut c_void, identify(handle));
        if tagged.is_null() {
            return None;
        }
        pid(tagged)
    };
    (pid > 1).then(|| OnHost::new(pid))
}

#[cfg(not(target_os = "linux"))]
fn on_host(_: &Api, _: *mut veo_proc_handle) -> Option<OnHost> {
    None
}

/// What the backend calls with output of kernels.
///
/// # Safety
///
/// `payload` is the address of an `Arc<Output>`, `data` valid for `length` bytes.
unsafe extern "C" fn forward(
    payload: *mut c_void,
    stream: i32,
    data: *const c_char,
    length: usize,
) {
    if payload.is_null() || data.is_null() {
        return;
    }
    // SAFETY: the payload that was given with this function: kept until the process
    // was destroyed.
    let output = unsafe { &*payload.cast::<Arc<Output>>() };
    // SAFETY: as the caller promises.
    let data = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) };
    let stream = if stream == 2 {
        Stream::Stderr
    } else {
        Stream::Stdout
    };
    // A panic must not reach the backend.
    let call = std::panic::AssertUnwindSafe(|| output(stream, data));
    if let Err(panic) = std::panic::catch_unwind(call) {
        tracing::error!(
            "the receiver of kernel output panicked: {}",
            crate::queue::panic_message(&*panic)
        );
        std::mem::forget(panic);
    }
}

#[cfg(all(test, feature = "emu", target_os = "linux", not(miri)))]
#[path = "libveo_tests.rs"]
mod libveo_tests;
