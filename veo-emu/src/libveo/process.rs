//! VE processes and the libraries and symbols in them.

use std::collections::VecDeque;
use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use veo_abi::ffi::veo_proc_handle;

use super::{CONTEXTS, PROCESSES, fault, guard, identifiers, process_of, string};
use crate::error::{Error, Result};
use crate::host::child_process::ChildProcess;
use crate::host::library;
use crate::host::process::VeProcess;
use crate::host::queue::progress;
use crate::host::start::ProcessOptions;
use crate::sync::lock;
use crate::veorun::takeover;

pub(super) fn create(node: i32, options: &ProcessOptions) -> Result<*mut veo_proc_handle> {
    takeover::keep();
    let process = VeProcess::create(node, options)?;
    let handle = PROCESSES
        .insert(process)
        .ok_or_else(|| Error::new(libc::EMFILE, "there are too many VE processes"))?;
    identifiers::give(handle);
    Ok(handle as *mut veo_proc_handle)
}

/// The options of a process that behaves as libveo's in every respect.
fn as_libveo(veorun: Option<String>) -> ProcessOptions {
    ProcessOptions {
        veorun,
        grace: Duration::from_secs(20),
        ..ProcessOptions::default()
    }
}

/// Live processes that were created as libveo's are.
static LIVE: Mutex<Vec<u64>> = Mutex::new(Vec::new());

fn create_as_libveo(node: i32, veorun: Option<String>) -> Result<*mut veo_proc_handle> {
    let handle = create(node, &as_libveo(veorun))?;
    lock(&LIVE).push(handle as u64);
    Ok(handle)
}

/// Destroys the remaining processes, as libveo does when its program exits, so that queued
/// requests are done. Returns after a few seconds even if that hangs, since a program may exit at
/// any point.
pub fn destroy_all_at_exit() {
    const GRACE: Duration = Duration::from_secs(5);
    const PATIENCE: Duration = Duration::from_secs(7);
    static ENDED: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());
    let ours = |handle: &u64| {
        // A process of a forked child's parent does not count, nor one whose host function called
        // `exit`.
        process_of(*handle as *mut veo_proc_handle).is_ok_and(|process| {
            let queues = process.queues();
            !queues.iter().any(|queue| progress::is_serving(queue))
        })
    };
    let Ok(live) = LIVE.try_lock() else {
        return;
    };
    let left: Vec<u64> = live.iter().copied().filter(ours).collect();
    drop(live);
    if left.is_empty() {
        return;
    }
    let helper = std::thread::Builder::new().spawn(move || {
        for handle in left {
            destroy(handle as *mut veo_proc_handle, Some(GRACE));
        }
        *lock(&ENDED.0) = true;
        ENDED.1.notify_all();
    });
    if helper.is_ok() {
        let _ = ENDED
            .1
            .wait_timeout_while(lock(&ENDED.0), PATIENCE, |ended| !*ended);
    }
}

pub unsafe extern "C" fn veo_proc_create(ve_node_number: c_int) -> *mut veo_proc_handle {
    guard(ptr::null_mut(), || create_as_libveo(ve_node_number, None))
}

pub unsafe extern "C" fn veo_proc_create_static(
    ve_node_number: c_int,
    veorun: *const c_char,
) -> *mut veo_proc_handle {
    guard(ptr::null_mut(), || {
        // SAFETY: the caller passes a string.
        let veorun = unsafe { string(veorun, "path of veorun")? };
        create_as_libveo(ve_node_number, Some(veorun.to_owned()))
    })
}

pub unsafe extern "C" fn veo_proc_destroy(proc_: *mut veo_proc_handle) -> c_int {
    destroy(proc_, None)
}

/// Destroys a process, which may go on for the time given, or for its own.
fn destroy(proc_: *mut veo_proc_handle, grace: Option<Duration>) -> c_int {
    guard(-1, || {
        if PROCESSES.was_valid(proc_ as u64) {
            // It was destroyed before, as the caller wants it.
            return Ok(0);
        }
        if process_of(proc_)?
            .queues()
            .iter()
            .any(|queue| progress::is_serving(queue))
        {
            return Err(Error::new(
                libc::EDEADLK,
                "a host function cannot destroy the VE process it runs for",
            ));
        }
        let handle = proc_ as u64;
        let Some(process) = PROCESSES.retire(handle) else {
            return Err(Error::invalid("the VE process is being destroyed already"));
        };
        lock(&LIVE).retain(|live| *live != handle);
        identifiers::take_back(handle);
        let contexts = std::mem::take(&mut lock(&process.contexts).handles);
        let had_ended = process.child.is_dead();
        process.destroy(grace);
        keep_report(handle, &process.child);
        if !had_ended {
            fault::keep(handle, &process.child);
        }
        for context in contexts {
            if let Some(context) = CONTEXTS.retire(context) {
                drop(context.finish());
            }
        }
        drop(process.finish());
        Ok(0)
    })
}

/// The reports of sanitizers on processes that were destroyed, the latest last.
static REPORTS: Mutex<VecDeque<(u64, String)>> = Mutex::new(VecDeque::new());

/// Keeps the report of a sanitizer on a process that is being destroyed.
fn keep_report(handle: u64, child: &ChildProcess) {
    /// More are not kept, for programs that never ask.
    const MOST: usize = 16;
    if let Some(text) = child.judgement() {
        let mut reports = lock(&REPORTS);
        reports.push_back((handle, text));
        if reports.len() > MOST {
            reports.pop_front();
        }
    }
}

/// The report of a sanitizer on a process that has ended, or was destroyed.
pub(super) fn report_of(proc_: *mut veo_proc_handle) -> Option<String> {
    let reports = lock(&REPORTS);
    let kept = reports.iter().find(|(handle, _)| *handle == proc_ as u64);
    let kept = kept.map(|(_, text)| text.clone());
    drop(reports);
    kept.or_else(|| process_of(proc_).ok()?.child.judgement())
}

pub unsafe extern "C" fn veo_proc_identifier(proc_: *mut veo_proc_handle) -> c_int {
    guard(-1, || {
        process_of(proc_)?;
        identifiers::of(proc_ as u64)
    })
}

pub unsafe extern "C" fn veo_set_proc_identifier(
    addr: *mut c_void,
    proc_ident: c_int,
) -> *mut c_void {
    guard(ptr::null_mut(), || {
        identifiers::tag(addr as u64, proc_ident).map(|address| address as *mut c_void)
    })
}

pub unsafe extern "C" fn veo_load_library(proc_: *mut veo_proc_handle, path: *const c_char) -> u64 {
    guard(0, || {
        let process = process_of(proc_)?;
        // SAFETY: the caller passes a string.
        let path = unsafe { string(path, "path of the library")? };
        library::check_name("library", path)?;
        process.load(path, false)
    })
}

pub unsafe extern "C" fn veo_emu_load_library(
    proc_: *mut veo_proc_handle,
    path: *const c_char,
) -> u64 {
    guard(0, || {
        let process = process_of(proc_)?;
        // SAFETY: the caller passes a string.
        process.load(unsafe { string(path, "path of the library")? }, true)
    })
}

pub unsafe extern "C" fn veo_unload_library(proc_: *mut veo_proc_handle, library: u64) -> c_int {
    guard(-1, || {
        process_of(proc_)?.unload(library)?;
        Ok(0)
    })
}

pub unsafe extern "C" fn veo_get_sym(
    proc_: *mut veo_proc_handle,
    library: u64,
    name: *const c_char,
) -> u64 {
    guard(0, || {
        let process = process_of(proc_)?;
        // SAFETY: the caller passes a string.
        process.symbol(library, unsafe { string(name, "name of the symbol")? })
    })
}

pub unsafe extern "C" fn veo_emu_is_code(proc_: *mut veo_proc_handle, address: u64) -> c_int {
    guard(-1, || {
        let is_code = process_of(proc_)?.is_code(address);
        Ok(is_code.map_or(-1, c_int::from))
    })
}
