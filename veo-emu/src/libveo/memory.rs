//! VE memory: allocation and transfers.

use std::ffi::{c_int, c_void};
use std::sync::{Arc, Weak};

use veo_abi::ffi::{VEO_REQUEST_ID_INVALID, veo_proc_handle, veo_thr_ctxt};

use super::hooks::HookedCall;
use super::{ContextEntry, context_of, guard, hooks, process_of};
use crate::error::{Error, Result};
use crate::host::operation::HostOp;
use crate::host::queue::{Queue, WaitResult};
use crate::host::results::RequestOutcome;

fn check_buffer(buffer: *const c_void, size: usize) -> Result<()> {
    if buffer.is_null() && size > 0 {
        return Err(Error::invalid("the buffer on the host is NULL"));
    }
    Ok(())
}

pub unsafe extern "C" fn veo_alloc_mem(
    proc_: *mut veo_proc_handle,
    addr: *mut u64,
    size: usize,
) -> c_int {
    guard(-1, || {
        if addr.is_null() {
            return Err(Error::invalid("the place for the address is NULL"));
        }
        // As with libveo, an address that could not be had is 0.
        // SAFETY: not null, and the caller passes a place for an address.
        unsafe { addr.write(0) };
        let address = process_of(proc_)?.alloc(size as u64)?;
        // SAFETY: as above.
        unsafe { addr.write(address) };
        after_alloc(proc_ as u64, address, addr as u64, size as u64);
        Ok(0)
    })
}

/// Runs the hook of `veo_alloc_mem`, which gets the place of the address.
pub(super) fn after_alloc(process: u64, address: u64, place: u64, size: u64) {
    hooks::run(
        veo_alloc_mem as *const c_void,
        &HookedCall {
            handle: process,
            process,
            address,
            shown: place,
            size: Some(size),
        },
    );
}

/// Runs the hook of `veo_free_mem`.
pub(super) fn after_free(process: u64, address: u64) {
    hooks::run(
        veo_free_mem as *const c_void,
        &HookedCall {
            handle: process,
            process,
            address,
            shown: address,
            size: None,
        },
    );
}

pub unsafe extern "C" fn veo_free_mem(proc_: *mut veo_proc_handle, addr: u64) -> c_int {
    guard(-1, || {
        let process = process_of(proc_)?;
        if !process.child.is_dead() {
            process.free(addr)?;
        }
        drop(process);
        after_free(proc_ as u64, addr);
        Ok(0)
    })
}

pub unsafe extern "C" fn veo_read_mem(
    proc_: *mut veo_proc_handle,
    dst: *mut c_void,
    src: u64,
    size: usize,
) -> c_int {
    guard(-1, || {
        check_buffer(dst, size)?;
        // SAFETY: the caller passes a buffer of `size` bytes.
        unsafe { process_of(proc_)?.read(dst.cast(), src, size as u64)? };
        Ok(0)
    })
}

pub unsafe extern "C" fn veo_write_mem(
    proc_: *mut veo_proc_handle,
    dst: u64,
    src: *const c_void,
    size: usize,
) -> c_int {
    guard(-1, || {
        check_buffer(src, size)?;
        // SAFETY: the caller passes a buffer of `size` bytes.
        unsafe { process_of(proc_)?.write(dst, src.cast(), size as u64)? };
        Ok(0)
    })
}

/// A request whose hook runs when it is done.
struct Followed {
    /// Weak, since a context that ends drops the hooks that it has not run.
    queue: Weak<Queue>,
    done: HookedCall,
    request: u64,
}

/// Queues the hook of an asynchronous function behind its request, if it has one. The request
/// that stands for both has the same result.
fn follow(
    entry: &ContextEntry,
    context: u64,
    request: u64,
    freed: Option<u64>,
    size: Option<u64>,
) -> Result<u64> {
    let function = if freed.is_some() {
        veo_free_mem_async as *const c_void
    } else {
        veo_alloc_mem_async as *const c_void
    };
    if !hooks::is_hooked(function) {
        return Ok(request);
    }
    let address = freed.unwrap_or(0);
    let followed = Box::into_raw(Box::new(Followed {
        queue: Arc::downgrade(&entry.queue),
        done: HookedCall {
            handle: context,
            process: entry.process,
            address,
            shown: address,
            size,
        },
        request,
    }));
    let queued = entry.queue.host(HostOp::Call {
        function: after_request,
        arg: followed.cast(),
    });
    if queued.is_err() {
        // SAFETY: made above, and refused, so nobody else has it.
        drop(unsafe { Box::from_raw(followed) });
    }
    queued
}

/// Collects an asynchronous allocation or release and runs its hook.
unsafe extern "C" fn after_request(followed: *mut c_void) -> u64 {
    // SAFETY: `follow` made it and queued this function once.
    let mut followed = unsafe { Box::from_raw(followed.cast::<Followed>()) };
    let done = &mut followed.done;
    let queue = followed.queue.upgrade();
    let waited = queue.map(|queue| queue.wait(followed.request, None));
    let Some(WaitResult::Ended(RequestOutcome::Ok(result))) = waited else {
        return if done.size.is_some() { 0 } else { u64::MAX };
    };
    let function = if done.size.is_some() {
        if result == 0 {
            return 0;
        }
        (done.address, done.shown) = (result, result);
        veo_alloc_mem_async as *const c_void
    } else {
        veo_free_mem_async as *const c_void
    };
    hooks::run(function, done);
    result
}

pub unsafe extern "C" fn veo_alloc_mem_async(ctx: *mut veo_thr_ctxt, size: usize) -> u64 {
    guard(VEO_REQUEST_ID_INVALID, || {
        let entry = context_of(ctx)?;
        let request = entry.queue.host(HostOp::Alloc { len: size as u64 })?;
        follow(&entry, ctx as u64, request, None, Some(size as u64))
    })
}

pub unsafe extern "C" fn veo_free_mem_async(ctx: *mut veo_thr_ctxt, addr: u64) -> u64 {
    guard(VEO_REQUEST_ID_INVALID, || {
        let entry = context_of(ctx)?;
        let request = entry.queue.host(HostOp::Free { address: addr })?;
        follow(&entry, ctx as u64, request, Some(addr), None)
    })
}

pub unsafe extern "C" fn veo_async_read_mem(
    ctx: *mut veo_thr_ctxt,
    dst: *mut c_void,
    src: u64,
    size: usize,
) -> u64 {
    guard(VEO_REQUEST_ID_INVALID, || {
        check_buffer(dst, size)?;
        context_of(ctx)?.queue.host(HostOp::Read {
            dst: dst.cast(),
            src,
            len: size as u64,
        })
    })
}

pub unsafe extern "C" fn veo_async_write_mem(
    ctx: *mut veo_thr_ctxt,
    dst: u64,
    src: *const c_void,
    size: usize,
) -> u64 {
    guard(VEO_REQUEST_ID_INVALID, || {
        check_buffer(src, size)?;
        context_of(ctx)?.queue.host(HostOp::Write {
            dst,
            src: src.cast(),
            len: size as u64,
        })
    })
}
