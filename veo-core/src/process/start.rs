//! Starting a process on a backend, on the thread that will belong to it.

use std::ffi::{c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use veo_abi::ffi::{veo_emu_options, veo_proc_handle};

use super::settings::{Output, Settings, Stream, Wishes};
use super::shared::ProcShared;
use crate::backend::{Api, c_path, need};
use crate::error::{Error, Result};
use crate::queue::{CtxShared, Inside, contain, panic_message, run_inside};
use crate::session::{Keeper, ProcCore, ProcId};

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
    // SAFETY: the process was created just now, here; nobody else knows it.
    let extension = unsafe { api.extension.process(handle, main) };
    let lies_on = extension.node().unwrap_or(node);
    let core = Arc::new(ProcCore::new(api, handle, lies_on, keeper, extension));
    if let Some(output) = &output {
        let _ = output.proc.set(core.id);
    }
    let main = CtxShared::new(Arc::clone(&core), main);
    Ok(Arc::new(ProcShared::new(
        core,
        main,
        Settings {
            veorun: wishes.veorun,
            asked_node: node,
            kernels: wishes.kernels,
            prototypes: wishes.prototypes.unwrap_or_default(),
            output,
        },
    )))
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
        let handle = unsafe { api.extension.create(node, &options) }?;
        if !handle.is_null() {
            return Ok(handle);
        }
        let reason = api.last_error();
        Err(failed(reason.unwrap_or_else(|| {
            format!("{} gave no reason; see its messages above", api.name)
        })))
    }
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
