//! The functions of the emulated node beyond libveo.

use std::ffi::{c_char, c_int};
use std::time::Duration;
use std::{ptr, slice};

use libc::pid_t;
use veo_abi::ffi::{
    VEO_EMU_GUARD_DEFAULT, VEO_EMU_GUARD_END, VEO_EMU_GUARD_OFF, VEO_EMU_GUARD_START,
    VEO_EMU_GUARD_ZONES, VEO_EMU_PROFILE_COUNT, VEO_EMU_PROFILE_DEFAULT, VEO_EMU_PROFILE_OFF,
    VEO_REQUEST_ID_INVALID, veo_emu_class, veo_emu_guard, veo_emu_options, veo_emu_profile,
    veo_emu_result, veo_emu_times, veo_proc_handle, veo_thr_ctxt,
};
use veo_abi::{hmem, word_class};

use super::args::returns;
use super::process::{self, create};
use super::{call, context_of, guard, identifiers, open_context, process_of, string};
use crate::error::{self, Error, Result};
use crate::host::kill::requested;
use crate::host::library_file;
use crate::host::node::{self, Node};
use crate::host::operation::CallView;
use crate::host::output::OutputFunction;
use crate::host::queue::WaitResult;
use crate::host::start::ProcessOptions;
use crate::host::statistics;
use crate::shared::class::are_tagged;
use crate::shared::guard::Guarding;
use crate::shared::ring::MAX_WORDS;

/// Options of programs that were compiled before `omp_threads` was there.
const OLDEST_OPTIONS: usize = std::mem::offset_of!(veo_emu_options, omp_threads);

pub unsafe extern "C" fn veo_emu_proc_create(
    ve_node_number: c_int,
    options: *const veo_emu_options,
) -> *mut veo_proc_handle {
    guard(ptr::null_mut(), || {
        if options.is_null() {
            return create(ve_node_number, &ProcessOptions::default());
        }
        // SAFETY: not null; the caller passes options of the size they say they have.
        let size = unsafe { (&raw const (*options).struct_size).read() };
        let known = size_of::<veo_emu_options>();
        if !(OLDEST_OPTIONS..=known).contains(&size) {
            return Err(Error::invalid(format!(
                "the options have {size} bytes instead of {known}"
            )));
        }
        // SAFETY: all bits zero are a valid value of each field: none.
        let mut given: veo_emu_options = unsafe { std::mem::zeroed() };
        // SAFETY: the caller passes `size` bytes, for which there is room.
        unsafe {
            ptr::copy_nonoverlapping(options.cast::<u8>(), (&raw mut given).cast(), size);
        }
        let veorun = if given.veorun.is_null() {
            None
        } else {
            // SAFETY: the caller passes a string.
            Some(unsafe { string(given.veorun, "path of veorun")? }.to_owned())
        };
        let schedule = if given.schedule.is_null() {
            None
        } else {
            // SAFETY: the caller passes a string.
            Some(unsafe { string(given.schedule, "schedule")? }.to_owned())
        };
        let check = if given.check.is_null() {
            None
        } else {
            // SAFETY: the caller passes a string.
            Some(unsafe { string(given.check, "check of memory")? }.to_owned())
        };
        let runtimes = if given.runtimes.is_null() {
            String::new()
        } else {
            // SAFETY: the caller passes a string.
            unsafe { string(given.runtimes, "list of runtime libraries")? }.to_owned()
        };
        create(
            ve_node_number,
            &ProcessOptions {
                veorun,
                memory: given.memory,
                time_limit: (given.time_limit_ms > 0)
                    .then(|| Duration::from_millis(given.time_limit_ms)),
                output: given.output.map(|function| OutputFunction {
                    function,
                    payload: given.output_payload,
                }),
                omp_threads: given.omp_threads,
                schedule,
                guard: wanted_guard(given.guard)?,
                profile: wanted_profile(given.profile)?,
                check,
                runtimes,
                ..ProcessOptions::default()
            },
        )
    })
}

/// The guard of this number; `None`: as the environment says.
fn wanted_guard(number: u64) -> Result<Option<Guarding>> {
    match veo_emu_guard::try_from(number) {
        Ok(VEO_EMU_GUARD_DEFAULT) => Ok(None),
        Ok(VEO_EMU_GUARD_OFF) => Ok(Some(Guarding::Off)),
        Ok(VEO_EMU_GUARD_START) => Ok(Some(Guarding::Start)),
        Ok(VEO_EMU_GUARD_END) => Ok(Some(Guarding::End)),
        _ => Err(Error::invalid(format!(
            "{number} is no guard of memory; give an enum veo_emu_guard"
        ))),
    }
}

/// Whether instructions are counted, by this number; `None`: as the environment says.
fn wanted_profile(number: u64) -> Result<Option<bool>> {
    match veo_emu_profile::try_from(number) {
        Ok(VEO_EMU_PROFILE_DEFAULT) => Ok(None),
        Ok(VEO_EMU_PROFILE_OFF) => Ok(Some(false)),
        Ok(VEO_EMU_PROFILE_COUNT) => Ok(Some(true)),
        _ => Err(Error::invalid(format!(
            "{number} is no way to count instructions; give an enum veo_emu_profile"
        ))),
    }
}

pub unsafe extern "C" fn veo_emu_get_guard(proc_: *mut veo_proc_handle) -> c_int {
    guard(-1, || {
        Ok(match process_of(proc_)?.child.memory.guard() {
            Guarding::Off => VEO_EMU_GUARD_OFF,
            Guarding::Zones => VEO_EMU_GUARD_ZONES,
            Guarding::Start => VEO_EMU_GUARD_START,
            Guarding::End => VEO_EMU_GUARD_END,
        } as c_int)
    })
}

pub unsafe extern "C" fn veo_emu_describe_mem(
    proc_: *mut veo_proc_handle,
    addr: u64,
    text: *const c_char,
) -> c_int {
    guard(-1, || {
        let process = process_of(proc_)?;
        // SAFETY: the caller passes a string.
        let text = unsafe { string(text, "description of the block")? };
        let memory = &process.child.memory;
        if memory.name(addr, text) {
            return Ok(0);
        }
        Err(Error::invalid(if memory.guard().is_on() {
            format!("no allocated block begins at VE address {addr:#x}")
        } else {
            "the memory of the process is not guarded".into()
        }))
    })
}

pub unsafe extern "C" fn veo_emu_last_error(text: *mut c_char, size: usize) -> usize {
    // SAFETY: the caller passes null or room for `size` bytes.
    unsafe { copy_text(&error::last(), text, size) }
}

/// Writes as much of a text as there is room for, with a NUL. Gives the length of the text.
///
/// # Safety
///
/// `place` is null or valid for writing `size` bytes.
unsafe fn copy_text(text: &str, place: *mut c_char, size: usize) -> usize {
    if !place.is_null() && size > 0 {
        let mut end = text.len().min(size - 1);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        // SAFETY: the caller passes room for `size` bytes, and `end` is less.
        unsafe {
            ptr::copy_nonoverlapping(text.as_ptr(), place.cast(), end);
            place.add(end).write(0);
        }
    }
    text.len()
}

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
                    slice::from_raw_parts(classes, word_class::words_for(count)),
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
            let is_own = |identifier| identifiers::process(identifier) == context.process;
            let words = untagged(words, classes, is_own);
            let words = &words;
            return queue.call(CallView { words, ..view }, &[]);
        }
        queue.call(view, &[])
    })
}

/// The words, of which those of the class of tagged addresses lose the tags of the process that gets them. An address of another
/// process keeps its tag: without it, it would be one of this process.
#[cold]
fn untagged(words: &[u64], classes: &[u64], is_own: impl Fn(usize) -> bool) -> Vec<u64> {
    let mut words = words.to_vec();
    for (index, word) in words.iter_mut().enumerate() {
        let is_tagged = word_class::get(classes, index) == word_class::HMEM;
        if is_tagged && is_own(hmem::identifier(*word)) {
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
            let (state, value) = call::verdict(&context.queue, waited, ids[place]);
            let result = veo_emu_result {
                value: value.unwrap_or(0),
                state,
            };
            // SAFETY: `place` is below `count`, for which the caller has room.
            unsafe { results.add(place).write(result) };
            taken += usize::from(waited != WaitResult::TimedOut);
        });
        Ok(taken)
    })
}

pub unsafe extern "C" fn veo_emu_get_report(
    proc_: *mut veo_proc_handle,
    text: *mut c_char,
    size: usize,
) -> usize {
    let report = process::report_of(proc_).unwrap_or_default();
    // SAFETY: the caller passes null or room for `size` bytes.
    unsafe { copy_text(&report, text, size) }
}

pub unsafe extern "C" fn veo_emu_wait_result_timeout(
    ctx: *mut veo_thr_ctxt,
    request: u64,
    result: *mut u64,
    nanoseconds: u64,
) -> c_int {
    // SAFETY: the caller passes null or a place for a word.
    unsafe {
        call::wait(
            ctx,
            request,
            result,
            Some(Duration::from_nanos(nanoseconds)),
        )
    }
}

pub unsafe extern "C" fn veo_emu_discard_result(ctx: *mut veo_thr_ctxt, request: u64) -> c_int {
    guard(-1, || {
        if context_of(ctx)?.queue.discard(request) {
            Ok(0)
        } else {
            Err(Error::invalid(format!(
                "request {request} is unknown in this context, or its result was collected before"
            )))
        }
    })
}

pub unsafe extern "C" fn veo_emu_kill(proc_: *mut veo_proc_handle) -> c_int {
    guard(-1, || {
        let process = process_of(proc_)?;
        process.child.kill(Some(requested()))?;
        // It is sure to end. This waits, but not for ever, until everybody knows that.
        process.child.wait_for_end(Duration::from_secs(10));
        Ok(0)
    })
}

pub unsafe extern "C" fn veo_emu_pid(proc_: *mut veo_proc_handle) -> pid_t {
    guard(-1, || {
        let process = process_of(proc_)?;
        process.child.check()?;
        Ok(process.child.pid)
    })
}

pub unsafe extern "C" fn veo_emu_num_nodes() -> c_int {
    guard(-1, || match node::assigned()? {
        Some(nodes) => Ok(nodes.len() as c_int),
        None => node::count(),
    })
}

pub unsafe extern "C" fn veo_emu_node_memory(
    ve_node_number: c_int,
    total: *mut u64,
    available: *mut u64,
) -> c_int {
    guard(-1, || {
        let node = Node::get(node::resolve(ve_node_number)?)?;
        for (place, value) in [(total, node.total()), (available, node.available())] {
            if !place.is_null() {
                // SAFETY: not null, and the caller passes a place for a word.
                unsafe { place.write(value) };
            }
        }
        Ok(0)
    })
}

pub unsafe extern "C" fn veo_emu_node(proc_: *mut veo_proc_handle) -> c_int {
    guard(-1, || Ok(process_of(proc_)?.node_number))
}

pub unsafe extern "C" fn veo_emu_machines(
    ve_node_number: c_int,
    machines: *mut u16,
    count: usize,
) -> c_int {
    guard(-1, || {
        Node::get(node::resolve(ve_node_number)?)?;
        let codes = library_file::codes()?;
        for (at, code) in codes.into_iter().enumerate().take(count) {
            if !machines.is_null() {
                // SAFETY: not null, and the caller passes room for `count` numbers.
                unsafe { machines.add(at).write(code.machine()) };
            }
        }
        Ok(codes.len() as c_int)
    })
}

pub unsafe extern "C" fn veo_emu_get_statistics(
    proc_: *mut veo_proc_handle,
    text: *mut c_char,
    size: usize,
) -> usize {
    guard(0, || {
        let process = process_of(proc_)?;
        let statistics = match (statistics::text(&process.main), process.child.counted()) {
            (Ok(text), _) => text,
            (Err(_), Some(counted)) => counted.to_owned(),
            (Err(error), None) => return Err(error),
        };
        // SAFETY: the caller passes null or room for `size` bytes.
        Ok(unsafe { copy_text(&statistics, text, size) })
    })
}

pub unsafe extern "C" fn veo_emu_set_timed(proc_: *mut veo_proc_handle, timed: c_int) -> c_int {
    guard(-1, || {
        process_of(proc_)?.child.set_timed(timed != 0);
        Ok(0)
    })
}

pub unsafe extern "C" fn veo_emu_get_times(
    ctx: *mut veo_thr_ctxt,
    requests: *const u64,
    count: usize,
    times: *mut veo_emu_times,
) -> usize {
    guard(0, || {
        if count == 0 || requests.is_null() || times.is_null() {
            return Ok(0);
        }
        // SAFETY: the caller keeps the context open until the function returns.
        let context = unsafe { open_context(ctx)? };
        // SAFETY: not null; the caller passes `count` requests.
        let ids = unsafe { slice::from_raw_parts(requests, count) };
        context.queue.spans(ids, |place, span| {
            let told = veo_emu_times {
                started: span.started,
                ended: span.ended,
            };
            // SAFETY: `place` is below `count`, for which the caller has room.
            unsafe { times.add(place).write(told) };
        });
        Ok(count)
    })
}

pub unsafe extern "C" fn veo_emu_core(proc_: *mut veo_proc_handle) -> c_int {
    guard(-1, || Ok(process_of(proc_)?.core()))
}
