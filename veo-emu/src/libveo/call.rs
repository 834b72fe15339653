//! Calls and their results.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;
use std::time::Duration;

use veo_abi::ffi::{
    VEO_COMMAND_ERROR, VEO_COMMAND_EXCEPTION, VEO_COMMAND_OK, VEO_COMMAND_UNFINISHED,
    VEO_REQUEST_ID_INVALID, veo_args, veo_proc_handle, veo_thr_ctxt,
};

use super::args::args;
use super::{PROCESSES, context_of, guard, identifiers, process_of, string};
use crate::error::{self, Error, Result};
use crate::host::args::CallArgs;
use crate::host::convention::Prepared;
use crate::host::operation::{CallView, HostOp};
use crate::host::queue::{Queue, WaitResult};
use crate::host::results::RequestOutcome;

/// Submits a call to a queue of the process with this handle.
fn call(queue: &Arc<Queue>, process: u64, address: u64, args: &CallArgs) -> Result<u64> {
    if address == 0 {
        return Err(Error::invalid("the address of the function is 0"));
    }
    args.check()?;
    let untagged;
    let words = if args.has_hmem() && !queue.child.asks_for_tags(address) {
        untagged = args.untagged(|identifier| identifiers::process(identifier) == process);
        &untagged
    } else {
        args.words()
    };
    if let Some(returns) = args.returns() {
        // The caller has set every argument with its own type.
        let view = CallView {
            address,
            words,
            classes: args.classes(),
            returns,
        };
        return queue.call(view, args.stack());
    }
    let mut prepared = Prepared::default();
    let convention = queue.child.symbols.convention(address);
    let view = prepared.apply(address, convention.as_deref(), words, args.classes());
    queue.call(view, args.stack())
}

/// The state of a result, and its value if it has one. A failure leaves a sentence.
#[inline]
pub(super) fn verdict(queue: &Queue, waited: WaitResult, id: u64) -> (c_int, Option<u64>) {
    match waited {
        WaitResult::Ended(RequestOutcome::Ok(value)) => (VEO_COMMAND_OK as c_int, Some(value)),
        WaitResult::TimedOut => (VEO_COMMAND_UNFINISHED as c_int, None),
        failed => failure(queue, failed, id),
    }
}

#[cold]
fn failure(queue: &Queue, waited: WaitResult, id: u64) -> (c_int, Option<u64>) {
    if waited == WaitResult::Unknown {
        error::leave(Error::invalid(format!(
            "request {id} is unknown in this context, or its result was collected before"
        )));
        return (VEO_COMMAND_ERROR as c_int, None);
    }
    error::leave(queue.child.check().err().unwrap_or_else(|| {
        let text = match queue.take_reason(id) {
            Some(reason) => format!("request {id}: {reason}"),
            None => format!("request {id} could not be carried out"),
        };
        Error::new(libc::EFAULT, text)
    }));
    match waited {
        WaitResult::Ended(RequestOutcome::Exception(value)) => {
            (VEO_COMMAND_EXCEPTION as c_int, Some(value))
        }
        _ => (VEO_COMMAND_ERROR as c_int, Some(0)),
    }
}

/// Stores a result and returns its state.
///
/// # Safety
///
/// `result` is null or a place for a word.
unsafe fn deliver(queue: &Queue, waited: WaitResult, id: u64, result: *mut u64) -> c_int {
    let (state, value) = verdict(queue, waited, id);
    if let Some(value) = value
        && !result.is_null()
    {
        // SAFETY: not null, and the caller vouches for the place.
        unsafe { result.write(value) };
    }
    state
}

pub unsafe extern "C" fn veo_call_sync(
    proc_: *mut veo_proc_handle,
    addr: u64,
    args_: *mut veo_args,
    result: *mut u64,
) -> c_int {
    guard(-1, || {
        let process = process_of(proc_)?;
        // SAFETY: the caller uses its arguments on one thread at a time.
        let id = call(&process.main, proc_ as u64, addr, unsafe { args(args_)? })?;
        let waited = process.main.wait(id, None);
        // SAFETY: the caller passes null or a place for a word.
        let state = unsafe { deliver(&process.main, waited, id, result) };
        Ok(if state == VEO_COMMAND_OK as c_int {
            0
        } else {
            -1
        })
    })
}

pub unsafe extern "C" fn veo_call_async(
    ctx: *mut veo_thr_ctxt,
    addr: u64,
    args_: *mut veo_args,
) -> u64 {
    guard(VEO_REQUEST_ID_INVALID, || {
        let entry = context_of(ctx)?;
        // SAFETY: the caller uses its arguments on one thread at a time.
        call(&entry.queue, entry.process, addr, unsafe { args(args_)? })
    })
}

pub unsafe extern "C" fn veo_call_async_by_name(
    ctx: *mut veo_thr_ctxt,
    library: u64,
    name: *const c_char,
    args_: *mut veo_args,
) -> u64 {
    guard(VEO_REQUEST_ID_INVALID, || {
        let entry = context_of(ctx)?;
        let process = PROCESSES
            .get(entry.process)
            .ok_or_else(|| Error::invalid("the context's process was destroyed"))?;
        // SAFETY: the caller passes a string.
        let address = process.symbol(library, unsafe { string(name, "name of the function")? })?;
        // SAFETY: the caller uses its arguments on one thread at a time.
        call(&entry.queue, entry.process, address, unsafe {
            args(args_)?
        })
    })
}

pub unsafe extern "C" fn veo_call_async_vh(
    ctx: *mut veo_thr_ctxt,
    func: Option<unsafe extern "C" fn(*mut c_void) -> u64>,
    arg: *mut c_void,
) -> u64 {
    guard(VEO_REQUEST_ID_INVALID, || {
        let function = func.ok_or_else(|| Error::invalid("the function is NULL"))?;
        context_of(ctx)?.queue.host(HostOp::Call { function, arg })
    })
}

pub unsafe extern "C" fn veo_call_peek_result(
    ctx: *mut veo_thr_ctxt,
    request: u64,
    result: *mut u64,
) -> c_int {
    guard(-1, || {
        let entry = context_of(ctx)?;
        let waited = entry.queue.peek(request);
        // SAFETY: the caller passes null or a place for a word.
        Ok(unsafe { deliver(&entry.queue, waited, request, result) })
    })
}

pub unsafe extern "C" fn veo_call_wait_result(
    ctx: *mut veo_thr_ctxt,
    request: u64,
    result: *mut u64,
) -> c_int {
    // SAFETY: the caller passes null or a place for a word.
    unsafe { wait(ctx, request, result, None) }
}

/// Waits, at most for `limit`.
///
/// # Safety
///
/// `result` is null or a place for a word.
pub(super) unsafe fn wait(
    ctx: *mut veo_thr_ctxt,
    request: u64,
    result: *mut u64,
    limit: Option<Duration>,
) -> c_int {
    guard(-1, || {
        let entry = context_of(ctx)?;
        let waited = match entry.queue.wait(request, limit) {
            WaitResult::TimedOut if limit.is_none() => {
                return Err(Error::new(
                    libc::EDEADLK,
                    format!(
                        "request {request} is queued behind the host function that waits for it"
                    ),
                ));
            }
            waited => waited,
        };
        // SAFETY: the caller vouches for `result`.
        Ok(unsafe { deliver(&entry.queue, waited, request, result) })
    })
}

pub unsafe extern "C" fn veo_req_block_begin(ctx: *mut veo_thr_ctxt) {
    guard((), || {
        context_of(ctx)?.queue.block_begin();
        Ok(())
    });
}

pub unsafe extern "C" fn veo_req_block_end(ctx: *mut veo_thr_ctxt) {
    guard((), || {
        if context_of(ctx)?.queue.block_end() {
            Ok(())
        } else {
            Err(Error::new(
                libc::EPERM,
                "this thread has not begun a request block",
            ))
        }
    });
}
