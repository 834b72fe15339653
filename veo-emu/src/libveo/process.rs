//! VE processes.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::sync::Mutex;
use std::time::Duration;

use veo_abi::ffi::veo_proc_handle;

use super::{CONTEXTS, PROCESSES, guard, hmem, process, string};
use crate::error::{Error, Result};
use crate::host::{lock, node, progress};
use crate::host::process::Process;
use crate::host::start::Options;

/// Handles of live processes by process identifier.
pub(super) static IDENTIFIERS: Mutex<[u64; hmem::MOST_PROCESSES]> =
    Mutex::new([0; hmem::MOST_PROCESSES]);

pub(super) fn create(node: i32, options: &Options) -> Result<*mut veo_proc_handle> {
    let process = Process::create(node, options)?;
    let handle = PROCESSES
        .insert(process)
        .ok_or_else(|| Error::new(libc::EMFILE, "there are too many VE processes"))?;
    let mut identifiers = lock(&IDENTIFIERS);
    if let Some(free) = identifiers.iter_mut().find(|handle| **handle == 0) {
        *free = handle;
    }
    Ok(handle as *mut veo_proc_handle)
}

/// The options of a process that behaves as libveo's in every respect.
fn as_libveo(veorun: Option<String>) -> Options {
    Options {
        veorun,
        one_context: node::variable("VE_OMP_NUM_THREADS").is_none_or(|text| text.trim() != "1"),
        grace: Duration::from_secs(5),
        ..Options::default()
    }
}

pub unsafe extern "C" fn veo_proc_create(ve_node_number: c_int) -> *mut veo_proc_handle {
    guard(ptr::null_mut(), || create(ve_node_number, &as_libveo(None)))
}

pub unsafe extern "C" fn veo_proc_create_static(
    ve_node_number: c_int,
    veorun: *mut c_char,
) -> *mut veo_proc_handle {
    guard(ptr::null_mut(), || {
        // SAFETY: the caller passes a string.
        let veorun = unsafe { string(veorun, "path of veorun")? };
        create(ve_node_number, &as_libveo(Some(veorun.to_owned())))
    })
}

pub unsafe extern "C" fn veo_proc_destroy(proc_: *mut veo_proc_handle) -> c_int {
    guard(-1, || {
        if process(proc_)?.machine.queues().iter().any(|queue| progress::is_serving(queue)) {
            return Err(Error::new(
                libc::EDEADLK,
                "a host function cannot destroy the VE process it runs for",
            ));
        }
        let handle = proc_ as u64;
        let Some(process) = PROCESSES.retire(handle) else {
            return Err(Error::invalid("the VE process is being destroyed already"));
        };
        for identifier in lock(&IDENTIFIERS).iter_mut() {
            if *identifier == handle {
                *identifier = 0;
            }
        }
        let contexts = std::mem::take(&mut lock(&process.contexts).handles);
        process.destroy();
        for context in contexts {
            if let Some(context) = CONTEXTS.retire(context) {
                drop(context.finish());
            }
        }
        drop(process.finish());
        Ok(0)
    })
}

pub unsafe extern "C" fn veo_proc_identifier(proc_: *mut veo_proc_handle) -> c_int {
    guard(-1, || {
        process(proc_)?;
        let identifiers = lock(&IDENTIFIERS);
        let at = identifiers.iter().position(|handle| *handle == proc_ as u64);
        at.map(|at| at as c_int)
            .ok_or_else(|| Error::new(libc::EMFILE, "the process has no identifier"))
    })
}

pub unsafe extern "C" fn veo_set_proc_identifier(
    addr: *mut c_void,
    proc_ident: c_int,
) -> *mut c_void {
    guard(ptr::null_mut(), || {
        hmem::tag(addr as u64, proc_ident).map(|address| address as *mut c_void)
    })
}
