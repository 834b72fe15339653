//! The thread that a process belongs to: it starts the process on a backend, looks after it,
//! and ends it.
//!
//! libveo kills the VE process when the thread that created it ends, so a thread is
//! created for each process, which lives as long as it. It also does what nobody
//! waits for: collects requests without a handle, frees memory after its last use,
//! closes contexts and processes whose last handle was dropped.

use std::ffi::CString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use veo_abi::environment::VEO_EMU_PROFILE;
use veo_abi::ffi::{self, veo_emu_options, veo_proc_handle};

use super::runtimes::runtimes;
use super::settings::{
    Guard, OutputReceiver, ProcOptions, ProcSettings, forward, races_from_environment,
};
use super::shared::ProcShared;
use crate::backend::{Api, c_path, need};
use crate::error::{Error, Result};
use crate::queue::CtxShared;
use crate::session::{ProcCore, ProcThreadHandle, ProcThreadTask};
use crate::stats::{self, EndTable, MemoryCount, StatisticsCollector, WantedStatistics};
use crate::timeline;
use crate::warning::warn;

/// Starts a process, on the thread that will belong to it.
pub(super) fn start(
    mut options: ProcOptions,
    api: &'static Api,
    node: i32,
    proc_thread: ProcThreadHandle,
) -> Result<Arc<ProcShared>> {
    let output = options
        .output
        .clone()
        .map(OutputReceiver::new)
        .map(Arc::new);
    let races = match options.races {
        Some(races) => races,
        None => races_from_environment(node)?,
    };
    let wanted =
        stats::from_environment().map_err(|reason| Error::ProcessStart { node, reason })?;
    let prints = options.stats != Some(false) && wanted != WantedStatistics::Nothing;
    if prints && api.extension.counts_instructions() && VEO_EMU_PROFILE.get().is_none() {
        // The table has what VE machine code has executed.
        options.profile.get_or_insert(true);
    }
    let handle = options.create(api, node, output.as_ref())?;
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
    let core = Arc::new(ProcCore::new(
        api,
        handle,
        lies_on,
        proc_thread,
        extension,
        races,
    ));
    if let Some(output) = &output {
        let _ = output.proc.set(core.id);
    }
    let memory = Arc::new(MemoryCount::default());
    let collector = options
        .stats
        .unwrap_or(prints)
        .then(Arc::<StatisticsCollector>::default);
    if let Some(collector) = &collector {
        core.observe(collector.clone());
    }
    let end_table = collector.as_ref().filter(|_| prints).map(|collector| {
        let detail = wanted == WantedStatistics::Detail;
        let (collector, memory) = (Arc::clone(collector), Arc::clone(&memory));
        EndTable::new(&core, detail, collector, memory)
    });
    let main = CtxShared::new(Arc::clone(&core), main);
    timeline::enter(&core, main.id, options.timeline.as_deref());
    Ok(Arc::new(ProcShared::new(
        core,
        main,
        memory,
        ProcSettings {
            options,
            asked_node: node,
            output,
            collector,
            end_table,
        },
    )))
}

impl ProcOptions {
    fn create(
        &self,
        api: &'static Api,
        node: i32,
        output: Option<&Arc<OutputReceiver>>,
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
            // 0 stands for the default in the interface of the backend.
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
        let schedule = self.schedule.map(|schedule| {
            // The words have no NUL.
            CString::new(schedule.to_string()).unwrap_or_default()
        });
        let check = self.check.map(|check| check.word());
        let runtimes = runtimes(&api.extension.code(node), self);
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
            schedule: schedule.as_ref().map_or(std::ptr::null(), |s| s.as_ptr()),
            guard: u64::from(match self.guard {
                None => ffi::VEO_EMU_GUARD_DEFAULT,
                Some(Guard::Off) => ffi::VEO_EMU_GUARD_OFF,
                Some(Guard::Start) => ffi::VEO_EMU_GUARD_START,
                Some(Guard::End) => ffi::VEO_EMU_GUARD_END,
            }),
            runtimes: runtimes
                .as_ref()
                .map_or(std::ptr::null(), |list| list.as_ptr()),
            profile: u64::from(match self.profile {
                None => ffi::VEO_EMU_PROFILE_DEFAULT,
                Some(false) => ffi::VEO_EMU_PROFILE_OFF,
                Some(true) => ffi::VEO_EMU_PROFILE_COUNT,
            }),
            check: check.map_or(std::ptr::null(), std::ffi::CStr::as_ptr),
        };
        // SAFETY: the options and the strings in them are valid for the call; the
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

/// The work of the thread after it has created the process.
pub(super) fn run(shared: &Arc<ProcShared>, tasks: &mpsc::Receiver<ProcThreadTask>) {
    const SHORT: Duration = Duration::from_millis(1);
    const LONG: Duration = Duration::from_millis(50);
    shared.core.proc_thread.set_here();
    let mut closing = Vec::new();
    let mut pause = None;
    loop {
        let task = match pause {
            None => tasks.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(pause) => tasks.recv_timeout(pause),
        };
        // The task may use the backend.
        let _inside = shared.core.api.extension.enter();
        match task {
            Ok(ProcThreadTask::Close(done)) => {
                // This may drop values of the program, which may panic.
                let ended = catch_unwind(AssertUnwindSafe(|| shared.destroy()));
                if !matches!(ended, Ok(true)) {
                    // The backend may still call the receiver of its output.
                    std::mem::forget(Arc::clone(shared));
                }
                match done {
                    Some(done) => drop(done.send(())),
                    None => tell_fault_of_destroyed(shared),
                }
                return;
            }
            Ok(ProcThreadTask::CloseContext(id)) => {
                let found = shared.contexts().iter().find(|ctx| ctx.id == id).cloned();
                if let Some(ctx) = found {
                    ctx.close_down();
                    closing.push(ctx);
                    pause = Some(SHORT);
                }
            }
            Ok(ProcThreadTask::Tend) => pause = Some(SHORT),
            Err(RecvTimeoutError::Timeout) => {}
            // The sender lives in what this thread holds.
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let Some(current) = pause else { continue };
        shared.core.proc_thread.set_tending(true);
        let left = catch_unwind(AssertUnwindSafe(|| shared.tend(&mut closing)));
        pause = Some((current * 2).min(LONG));
        if matches!(left, Ok(false)) {
            shared.core.proc_thread.set_tending(false);
            // Something may have come up between the last look and this.
            let again = catch_unwind(AssertUnwindSafe(|| shared.tend(&mut closing)));
            if matches!(again, Ok(false)) {
                pause = None;
            }
        }
    }
}

/// Writes to the log what nobody can be given: the program has dropped its last handle.
fn tell_fault_of_destroyed(shared: &ProcShared) {
    if let Some(fault) = shared.core.extension.fault_of_destroyed() {
        warn(format_args!(
            "{} has faulted at its end: {fault:#}",
            shared.core
        ));
    }
}
