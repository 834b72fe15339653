//! Starting a process on a backend, on the thread that will belong to it.

use std::ffi::{c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use veo_abi::environment::VE_OMP_NUM_THREADS;
use veo_abi::ffi::{veo_emu_options, veo_proc_handle};

use super::settings::{Output, Settings, Stream, Wishes};
use super::shared::ProcShared;
use crate::backend::{Api, OnHost, c_path, children, exit, need};
use crate::error::{Error, Result};
use crate::queue::{CtxShared, Inside, contain, panic_message, run_inside};
use crate::session::{Keeper, ProcCore, ProcId};

/// Says how many threads OpenMP may use on the VE.
const OMP_THREADS: &str = VE_OMP_NUM_THREADS.name();

/// Starts a process, on the thread that will belong to it.
pub(super) fn start(
    wishes: Wishes,
    api: &'static Api,
    node: i32,
    keeper: Keeper,
) -> Result<Arc<ProcShared>> {
    let output = wishes.output.clone().map(Receiver::new).map(Arc::new);
    let handle = wishes.create(api, node, output.as_ref())?;
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
    let lies_on = node_of(api, handle).unwrap_or(node);
    let core = Arc::new(ProcCore::new(api, handle, lies_on, keeper, on_host));
    if let Some(output) = &output {
        let _ = output.proc.set(core.id);
    }
    let main = CtxShared::new(Arc::clone(&core), main);
    let shared = Arc::new(ProcShared::new(
        core,
        main,
        Settings {
            veorun: wishes.veorun,
            asked_node: node,
            kernels: wishes.kernels,
            prototypes: wishes.prototypes.unwrap_or_default(),
            output,
        },
    ));
    children::enter(&shared);
    exit::prepare(shared.core.api);
    Ok(shared)
}

impl Wishes {
    fn create(
        &self,
        api: &'static Api,
        node: i32,
        output: Option<&Arc<Receiver>>,
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
            if self.memory == Some(0) {
                // For the backend that is the default.
                return Err(failed(
                    "0 bytes of VE memory were asked for the process; give at least 1 MiB \
                     (1048576), or leave `memory` out for all that the node has"
                        .into(),
                ));
            }
            if self.omp_threads == Some(0) {
                return Err(failed(
                    "0 threads of OpenMP were asked for; give at least 1, or leave \
                     `omp_threads` out for as many as the node has cores"
                        .into(),
                ));
            }
            let options = veo_emu_options {
                struct_size: size_of::<veo_emu_options>(),
                veorun: veorun_ptr,
                memory: self.memory.unwrap_or(0),
                time_limit_ms: self.time_limit.map_or(0, |limit| {
                    u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).max(1)
                }),
                output: output.map(|_| forward as unsafe extern "C" fn(_, _, _, _)),
                output_payload: output.map_or(std::ptr::null_mut(), |output| {
                    Arc::as_ptr(output).cast_mut().cast()
                }),
                omp_threads: self.omp_threads.unwrap_or(0),
            };
            // SAFETY: the options and the path in them are valid for the call; the
            // payload is kept until the process was destroyed.
            unsafe { create(node, &raw const options) }
        } else {
            self.refuse_options(api, node)?;
            if veorun.is_some() {
                let create = need!(api, veo_proc_create_static, "a static veorun")?;
                // SAFETY: the path is a terminated string.
                unsafe { create(node, veorun_ptr) }
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
    fn refuse_options(&self, api: &Api, node: i32) -> Result<()> {
        let refused = [
            ("memory", self.memory.is_some()),
            ("time_limit", self.time_limit.is_some()),
            ("stdout", self.output.is_some()),
        ];
        if let Some((name, _)) = refused.iter().find(|(_, set)| *set) {
            return Err(Error::ProcessStart {
                node,
                reason: format!(
                    "the setting `{name}` is for the emulated node, not {}",
                    api.name
                ),
            });
        }
        match self.omp_threads {
            Some(threads) => check_omp_threads(api, node, threads),
            None => Ok(()),
        }
    }
}

/// libveo takes the number of OpenMP's threads from the environment of the program, which
/// is not ours to change.
fn check_omp_threads(api: &Api, node: i32, threads: u32) -> Result<()> {
    let set = VE_OMP_NUM_THREADS.unguarded();
    let has = set
        .as_deref()
        .and_then(|text| text.to_str()?.trim().parse().ok());
    if has == Some(threads) {
        return Ok(());
    }
    let is = set.map_or("not set".into(), |text| format!("{text:?}"));
    Err(Error::ProcessStart {
        node,
        reason: format!(
            "{threads} threads of OpenMP were asked for (`omp_threads`), but {OMP_THREADS}, from \
             which {} takes the number, is {is}; start the program with {OMP_THREADS}={threads}",
            api.name
        ),
    })
}

/// What has to hold before libveo creates a process.
pub(super) fn check_surroundings(api: &Api, node: i32) -> Result<()> {
    if let Some(memory) = api.table.veo_emu_node_memory {
        // SAFETY: null asks for nothing, so this only looks whether the node is there.
        if unsafe { memory(node, std::ptr::null_mut(), std::ptr::null_mut()) } != 0 {
            return Err(Error::NoSuchNode {
                node,
                reason: api.last_error().unwrap_or_default(),
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

/// The number of the node that the process lies on, if the backend tells: not every caller
/// has named it, and a job scheduler's numbers are others.
fn node_of(api: &Api, handle: *mut veo_proc_handle) -> Option<i32> {
    let node = if let Some(node) = api.table.veo_emu_node {
        // SAFETY: the process was just created.
        unsafe { node(handle) }
    } else {
        let node = api.table.veo_get_venum_from_hmem?;
        // SAFETY: as above, so it is there for the tagged address.
        unsafe { node(tagged(api, handle)?) }
    };
    (node >= 0).then_some(node)
}

/// An address that carries the identifier of the process. Nothing lies there.
fn tagged(api: &Api, handle: *mut veo_proc_handle) -> Option<*mut c_void> {
    let identify = api.table.veo_proc_identifier?;
    let tag = api.table.veo_set_proc_identifier?;
    // SAFETY: the process was just created.
    let tagged = unsafe { tag(8 as *mut c_void, identify(handle)) };
    (!tagged.is_null()).then_some(tagged)
}

/// The VE process on the host, where the backend has no way to end it.
#[cfg(target_os = "linux")]
fn on_host(api: &Api, handle: *mut veo_proc_handle) -> Option<OnHost> {
    if api.table.veo_emu_kill.is_some() {
        return None;
    }
    let pid = api.table.veo_get_pid_from_hmem?;
    // SAFETY: the process was just created; the tagged address is only taken apart.
    let pid = unsafe { pid(tagged(api, handle)?) };
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
/// `payload` is the address of a [`Receiver`] in an `Arc`, `data` valid for `length` bytes.
unsafe extern "C" fn forward(
    payload: *mut c_void,
    stream: i32,
    data: *const c_char,
    length: usize,
) {
    if payload.is_null() || data.is_null() {
        return;
    }
    // Of its own: a call that does not return is not waited for when the process is destroyed.
    // SAFETY: the payload that was given with this function, of an `Arc` that is kept until
    // the process was destroyed, after which no call begins.
    let receiver = unsafe {
        let receiver = payload.cast::<Receiver>().cast_const();
        Arc::increment_strong_count(receiver);
        Arc::from_raw(receiver)
    };
    // SAFETY: as the caller promises.
    let data = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) };
    let stream = if stream == 2 {
        Stream::Stderr
    } else {
        Stream::Stdout
    };
    match receiver.proc.get() {
        Some(proc) => run_inside(Inside::Output(*proc), || receiver.receive(stream, data)),
        // Nobody has a handle of the process yet.
        None => receiver.receive(stream, data),
    }
    // What the program's closure owns may be dropped here.
    contain(|| drop(receiver));
}

/// The program's receiver of output, and whose output it is, once that is known.
pub(super) struct Receiver {
    output: Arc<Output>,
    proc: OnceLock<ProcId>,
}

impl Receiver {
    fn new(output: Arc<Output>) -> Receiver {
        Receiver {
            output,
            proc: OnceLock::new(),
        }
    }

    fn receive(&self, stream: Stream, data: &[u8]) {
        // A panic must not reach the backend.
        let call = AssertUnwindSafe(|| (self.output)(stream, data));
        if let Err(panic) = catch_unwind(call) {
            // Who listens may panic, too.
            contain(|| {
                tracing::error!(
                    "the receiver of kernel output panicked: {}",
                    panic_message(&*panic)
                );
            });
            std::mem::forget(panic);
        }
    }
}
