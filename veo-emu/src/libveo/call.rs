//! Calls and their results.

use std::ffi::{c_char, c_int, c_void};
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use veo_abi::ffi::{
    VEO_COMMAND_ERROR, VEO_COMMAND_EXCEPTION, VEO_COMMAND_OK, VEO_COMMAND_UNFINISHED,
    VEO_EMU_CLASS_DOUBLE, VEO_EMU_CLASS_FLOAT, VEO_EMU_CLASS_INTEGER, VEO_REQUEST_ID_INVALID,
    veo_args, veo_emu_class, veo_emu_result, veo_proc_handle, veo_thr_ctxt,
};
use veo_abi::hmem;

use super::args::{args, returns};
use super::{PROCESSES, context_of, guard, open_context, process_of, string};
use crate::error::{self, Error, Result};
use crate::host::args::Args;
use crate::host::convention::Prepared;
use crate::host::operation::{CallView, HostOp};
use crate::host::queue::{Queue, Waited};
use crate::host::results::Outcome;
use crate::shared::class::{Class, PER_WORD, are_tagged};
use crate::shared::ring::MAX_WORDS;

fn call(queue: &Arc<Queue>, address: u64, args: &Args) -> Result<u64> {
    if address == 0 {
        return Err(Error::invalid("the address of the function is 0"));
    }
    args.check()?;
    let untagged;
    let words = if args.has_hmem() && !queue.child.asks_for_tags(address) {
        untagged = args.untagged();
        &untagged
    } else {
        args.words()
    };
    if let Some(returns) = args.returns() {
        // Every argument was set with its own type.
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

/// The state that goes with a result, and its value if there is one. Leaves a sentence
/// for what failed.
#[inline]
pub(super) fn verdict(queue: &Queue, waited: Waited, id: u64) -> (c_int, Option<u64>) {
    match waited {
        Waited::Ended(Outcome::Ok(value)) => (VEO_COMMAND_OK as c_int, Some(value)),
        Waited::TimedOut => (VEO_COMMAND_UNFINISHED as c_int, None),
        failed => failure(queue, failed, id),
    }
}

#[cold]
fn failure(queue: &Queue, waited: Waited, id: u64) -> (c_int, Option<u64>) {
    if waited == Waited::Unknown {
        error::leave(Error::invalid(format!(
            "request {id} is unknown in this context, or its result was collected before"
        )));
        return (VEO_COMMAND_ERROR as c_int, None);
    }
    error::leave(queue.child.check().err().unwrap_or_else(|| {
        Error::new(
            libc::EFAULT,
            format!("request {id} could not be carried out"),
        )
    }));
    match waited {
        Waited::Ended(Outcome::Exception(value)) => (VEO_COMMAND_EXCEPTION as c_int, Some(value)),
        _ => (VEO_COMMAND_ERROR as c_int, Some(0)),
    }
}

/// Stores a result and gives the state that goes with it.
///
/// # Safety
///
/// `result` is null or a place for a word.
unsafe fn deliver(queue: &Queue, waited: Waited, id: u64, result: *mut u64) -> c_int {
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
        let id = call(&process.main, addr, unsafe { args(args_)? })?;
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
        // SAFETY: the caller uses its arguments on one thread at a time.
        call(&context_of(ctx)?.queue, addr, unsafe { args(args_)? })
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
        call(&entry.queue, address, unsafe { args(args_)? })
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
            Waited::TimedOut if limit.is_none() => {
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

// The numbers of the classes are those of the interface.
const _: () = {
    assert!(Class::Integer as veo_emu_class == VEO_EMU_CLASS_INTEGER);
    assert!(Class::Float as veo_emu_class == VEO_EMU_CLASS_FLOAT);
    assert!(Class::Double as veo_emu_class == VEO_EMU_CLASS_DOUBLE);
};

pub unsafe extern "C" fn veo_emu_call_async(
    ctx: *mut veo_thr_ctxt,
    addr: u64,
    words: *const u64,
    classes: *const u64,
    count: usize,
    result: veo_emu_class,
) -> u64 {
    guard(VEO_REQUEST_ID_INVALID, || {
        // SAFETY: the caller keeps the context open until the function returns.
        let context = unsafe { open_context(ctx)? };
        if addr == 0 {
            return Err(Error::invalid("the address of the function is 0"));
        }
        if count > MAX_WORDS {
            return Err(Error::invalid(format!(
                "{count} arguments are more than the {MAX_WORDS} that fit a call"
            )));
        }
        let (words, classes) = if count == 0 {
            (&[][..], &[][..])
        } else if words.is_null() || classes.is_null() {
            return Err(Error::invalid("the words or their classes are NULL"));
        } else {
            // SAFETY: neither is null; the caller passes `count` words and the classes of
            // as many.
            unsafe {
                (
                    slice::from_raw_parts(words, count),
                    slice::from_raw_parts(classes, count.div_ceil(PER_WORD)),
                )
            }
        };
        let view = CallView {
            address: addr,
            words,
            classes,
            returns: returns(result)?,
        };
        let queue = &context.queue;
        if are_tagged(classes, count) && !queue.child.asks_for_tags(addr) {
            let words = untagged(words, classes);
            let words = &words;
            return queue.call(CallView { words, ..view }, &[]);
        }
        queue.call(view, &[])
    })
}

/// The words, of which those without a class are addresses that lose their tags.
#[cold]
fn untagged(words: &[u64], classes: &[u64]) -> Vec<u64> {
    let mut words = words.to_vec();
    for (index, word) in words.iter_mut().enumerate() {
        if are_tagged(&[classes[index / PER_WORD] >> (index % PER_WORD * 2)], 1) {
            *word = hmem::untag(*word);
        }
    }
    words
}

pub unsafe extern "C" fn veo_emu_collect(
    ctx: *mut veo_thr_ctxt,
    requests: *const u64,
    count: usize,
    nanoseconds: u64,
    results: *mut veo_emu_result,
) -> usize {
    guard(0, || {
        // SAFETY: the caller keeps the context open until the function returns.
        let context = unsafe { open_context(ctx)? };
        if count == 0 || requests.is_null() || results.is_null() {
            return Err(Error::invalid(
                "no requests are named, or no place for results",
            ));
        }
        // SAFETY: not null; the caller passes `count` requests.
        let ids = unsafe { slice::from_raw_parts(requests, count) };
        let limit = (nanoseconds != u64::MAX).then(|| Duration::from_nanos(nanoseconds));
        let mut taken = 0;
        context.queue.collect(ids, limit, |place, waited| {
            let (state, value) = verdict(&context.queue, waited, ids[place]);
            let result = veo_emu_result {
                value: value.unwrap_or(0),
                state,
            };
            // SAFETY: `place` is below `count`, for which the caller has room.
            unsafe { results.add(place).write(result) };
            taken += usize::from(waited != Waited::TimedOut);
        });
        Ok(taken)
    })
}
