//! How NEC's library learns of the end of a VE process, and what it takes for one.
//!
//! libveo waits for the child process that stands for a VE process, and only at every
//! hundredth idle look at one of its contexts. What it has not seen by then costs 20 s for
//! each context when the process is destroyed. When it opens a context, it takes whatever
//! child of the program has ended for that VE process: the context fails, and the answer
//! that nobody waits for any more ends the program at the next request. A VE process that a
//! fault of a kernel on the main context ended is never waited for at all.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use veo_abi::ffi::{VEO_REQUEST_ID_INVALID, veo_thr_ctxt};

use super::on_host;
use crate::backend::Api;
use crate::error::{Error, Result};
use crate::process::ProcShared;

/// So many looks contain one at the child process.
const LOOKS: u32 = 101;

/// How long a child of the program may stay unwaited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// The processes of this program on NEC's library.
static PROCESSES: Mutex<Vec<Weak<ProcShared>>> = Mutex::new(Vec::new());

fn processes() -> MutexGuard<'static, Vec<Weak<ProcShared>>> {
    PROCESSES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the backend has libveo's own way to learn of an end.
pub(crate) fn waits_for_children(api: &Api) -> bool {
    api.is_libveo() && api.table.veo_emu_pid.is_none()
}

/// Keeps VE processes from being ended, and contexts from being opened, by others.
pub(crate) fn alone(api: &Api) -> Option<MutexGuard<'static, ()>> {
    waits_for_children(api).then(on_host::alone)
}

/// Enters a new process.
pub(crate) fn enter(shared: &Arc<ProcShared>) {
    if !waits_for_children(shared.core.api) {
        return;
    }
    let mut processes = processes();
    processes.retain(|other| other.strong_count() > 0);
    processes.push(Arc::downgrade(shared));
}

/// Whether some process is being closed, or about to be: its thread alone holds it.
pub(crate) fn any_is_closing() -> bool {
    processes()
        .iter()
        .any(|process| process.strong_count() == 1)
}

/// Has the library look whether the VE process of a context has ended.
///
/// # Safety
///
/// The context is open, and stays so for the call. Either nobody else uses it, or its VE
/// process has ended.
pub(crate) unsafe fn look(api: &Api, context: *mut veo_thr_ctxt) {
    if !waits_for_children(api) {
        return;
    }
    let Some(peek) = api.table.veo_call_peek_result else {
        return;
    };
    let mut word = 0;
    for _ in 0..LOOKS {
        // SAFETY: the caller vouches for the context; no request has this number, so
        // nothing is collected.
        unsafe { peek(context, VEO_REQUEST_ID_INVALID, &raw mut word) };
    }
}

/// Waits until no child of the program is there that libveo would take for the VE process
/// while it opens a context.
pub(crate) fn settle(api: &Api) -> Result<()> {
    if !waits_for_children(api) {
        return Ok(());
    }
    let until = Instant::now() + PATIENCE;
    while let Some(pid) = ended_child() {
        // The list is not held while the library is asked.
        let all: Vec<_> = processes().iter().filter_map(Weak::upgrade).collect();
        all.iter().for_each(|process| process.see_end());
        if Instant::now() >= until {
            return Err(Error::ContextOpen {
                reason: format!(
                    "process {pid}, a child of this program, has ended and nobody has waited \
                     for it; libveo would take its end for that of the VE process, so wait for \
                     it before opening a context"
                ),
            });
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// A child in the program's process group that has ended and was not waited for.
#[cfg(target_os = "linux")]
fn ended_child() -> Option<i32> {
    let mut found = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: only asks, leaving the child as it is; the result is valid for writing.
    let status = unsafe {
        libc::waitid(
            libc::P_PGID,
            libc::getpgrp().cast_unsigned(),
            found.as_mut_ptr(),
            libc::WEXITED | libc::WNOHANG | libc::WNOWAIT,
        )
    };
    // SAFETY: valid as zeroes, and filled in by the call if there is such a child.
    let pid = unsafe { found.assume_init().si_pid() };
    (status == 0 && pid != 0).then_some(pid)
}

/// libveo runs on Linux alone.
#[cfg(not(target_os = "linux"))]
fn ended_child() -> Option<i32> {
    None
}
