//! Contexts and their attributes.

use std::collections::VecDeque;
use std::ffi::c_int;
use std::ptr;
use std::sync::Mutex;

use veo_abi::ffi::{
    VEO_STATE_EXIT, VEO_STATE_RUNNING, VEO_STATE_UNKNOWN, veo_proc_handle, veo_thr_ctxt,
    veo_thr_ctxt_attr,
};

use super::{ATTRIBUTES, CONTEXTS, ContextEntry, PROCESSES, context_of, guard, process_of};
use crate::error::{Error, Result};
use crate::host::process::{DEFAULT_STACK, LEAST_STACK, close_context};
use crate::host::queue::progress;
use crate::sync::lock;
use crate::sys::process;

fn open(proc_: *mut veo_proc_handle, stack: Option<u64>) -> Result<*mut veo_thr_ctxt> {
    let process = process_of(proc_)?;
    process.child.check()?;
    let enter = |queue| {
        CONTEXTS
            .insert(ContextEntry {
                queue,
                process: proc_ as u64,
                creator: process::own_id(),
            })
            .ok_or_else(|| Error::new(libc::EMFILE, "there are too many contexts"))
    };
    {
        let mut known = lock(&process.contexts);
        if known.handles.is_empty() {
            let handle = enter(process.main.clone())?;
            known.handles.push(handle);
            return Ok(handle as *mut veo_thr_ctxt);
        }
    }
    let handle = enter(process.open_context(stack)?)?;
    lock(&process.contexts).handles.push(handle);
    Ok(handle as *mut veo_thr_ctxt)
}

pub unsafe extern "C" fn veo_context_open(proc_: *mut veo_proc_handle) -> *mut veo_thr_ctxt {
    guard(ptr::null_mut(), || open(proc_, None))
}

pub unsafe extern "C" fn veo_context_open_with_attr(
    proc_: *mut veo_proc_handle,
    attr: *mut veo_thr_ctxt_attr,
) -> *mut veo_thr_ctxt {
    guard(ptr::null_mut(), || {
        let stack = attribute(attr, |stack| *stack)?;
        open(proc_, Some(stack))
    })
}

/// The contexts that were closed last, each with its process.
static CLOSED: Mutex<VecDeque<(u64, u64)>> = Mutex::new(VecDeque::new());

/// How many of them are remembered.
const REMEMBERED: usize = 64;

/// Whether a context ended with its process, which closes them all. A context that the program
/// closed itself, of a living process, did not.
fn ended_with_process(handle: u64) -> bool {
    CONTEXTS.was_valid(handle) && {
        let closed = lock(&CLOSED);
        let owner = closed.iter().find(|(context, _)| *context == handle);
        owner.is_none_or(|(_, process)| PROCESSES.was_valid(*process))
    }
}

pub unsafe extern "C" fn veo_context_close(ctx: *mut veo_thr_ctxt) -> c_int {
    guard(-1, || {
        let handle = ctx as u64;
        if ended_with_process(handle) {
            return Ok(0);
        }
        let owner = {
            let entry = context_of(ctx)?;
            if entry.queue.index == 0 {
                // The main context lives as long as its process.
                return Ok(0);
            }
            if progress::is_serving(&entry.queue) {
                return Err(Error::new(
                    libc::EDEADLK,
                    "a host function cannot close the context it runs in",
                ));
            }
            entry.process
        };
        let Some(entry) = CONTEXTS.retire(handle) else {
            return Err(Error::invalid("the context is being closed already"));
        };
        {
            let mut closed = lock(&CLOSED);
            closed.truncate(REMEMBERED - 1);
            closed.push_front((handle, owner));
        }
        if let Ok(process) = process_of(owner as *mut veo_proc_handle) {
            lock(&process.contexts)
                .handles
                .retain(|known| *known != handle);
        }
        close_context(&entry.queue, false);
        entry.queue.progress.end();
        drop(entry.finish());
        Ok(0)
    })
}

pub unsafe extern "C" fn veo_get_context_state(ctx: *mut veo_thr_ctxt) -> c_int {
    guard(VEO_STATE_UNKNOWN as c_int, || {
        if CONTEXTS.was_valid(ctx as u64) {
            return Ok(VEO_STATE_EXIT as c_int);
        }
        let entry = context_of(ctx)?;
        Ok(if entry.queue.child.is_dead() {
            VEO_STATE_EXIT
        } else {
            VEO_STATE_RUNNING
        } as c_int)
    })
}

pub unsafe extern "C" fn veo_context_sync(ctx: *mut veo_thr_ctxt) {
    guard((), || {
        context_of(ctx)?.queue.sync();
        Ok(())
    });
}

pub unsafe extern "C" fn veo_num_contexts(proc_: *mut veo_proc_handle) -> c_int {
    guard(-1, || {
        Ok(lock(&process_of(proc_)?.contexts).handles.len() as c_int)
    })
}

pub unsafe extern "C" fn veo_get_context(
    proc_: *mut veo_proc_handle,
    index: c_int,
) -> *mut veo_thr_ctxt {
    guard(ptr::null_mut(), || {
        let process = process_of(proc_)?;
        let known = lock(&process.contexts);
        usize::try_from(index)
            .ok()
            .and_then(|index| known.handles.get(index))
            .map(|handle| *handle as *mut veo_thr_ctxt)
            .ok_or_else(|| {
                Error::invalid(format!(
                    "no context {index}: the process has {}",
                    known.handles.len()
                ))
            })
    })
}

fn attribute<R>(attr: *mut veo_thr_ctxt_attr, f: impl FnOnce(&mut u64) -> R) -> Result<R> {
    let attribute = ATTRIBUTES
        .get(attr as u64)
        .ok_or_else(|| Error::invalid("these are no context attributes, or they were freed"))?;
    let mut stack = lock(&attribute);
    Ok(f(&mut stack))
}

pub unsafe extern "C" fn veo_alloc_thr_ctxt_attr() -> *mut veo_thr_ctxt_attr {
    guard(ptr::null_mut(), || {
        ATTRIBUTES
            .insert(Mutex::new(DEFAULT_STACK))
            .map(|handle| handle as *mut veo_thr_ctxt_attr)
            .ok_or_else(|| Error::new(libc::ENOMEM, "there are too many attributes"))
    })
}

pub unsafe extern "C" fn veo_free_thr_ctxt_attr(attr: *mut veo_thr_ctxt_attr) -> c_int {
    guard(-1, || match ATTRIBUTES.retire(attr as u64) {
        Some(attribute) => {
            attribute.finish();
            Ok(0)
        }
        None => Err(Error::invalid(
            "these are no context attributes, or they were freed",
        )),
    })
}

pub unsafe extern "C" fn veo_set_thr_ctxt_stacksize(
    attr: *mut veo_thr_ctxt_attr,
    size: usize,
) -> c_int {
    guard(-1, || {
        if (size as u64) < LEAST_STACK {
            return Err(Error::invalid(format!(
                "a stack of {size} bytes is too small: {LEAST_STACK} is the least"
            )));
        }
        attribute(attr, |stack| *stack = size as u64)?;
        Ok(0)
    })
}

pub unsafe extern "C" fn veo_get_thr_ctxt_stacksize(
    attr: *mut veo_thr_ctxt_attr,
    size: *mut usize,
) -> c_int {
    guard(-1, || {
        if size.is_null() {
            return Err(Error::invalid("the place for the size is NULL"));
        }
        let stack = attribute(attr, |stack| *stack)?;
        // SAFETY: not null, and the caller passes a place for a size.
        unsafe { size.write(stack as usize) };
        Ok(0)
    })
}
