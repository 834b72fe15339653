//! VE memory: allocation and transfers.

use std::ffi::{c_int, c_void};

use veo_abi::ffi::{VEO_REQUEST_ID_INVALID, veo_proc_handle, veo_thr_ctxt};

use super::{context, guard, hooks, process};
use crate::error::{Error, Result};
use crate::host::operation::HostOp;

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
    let result = guard(-1, || {
        if addr.is_null() {
            return Err(Error::invalid("the place for the address is NULL"));
        }
        let address = process(proc_)?.alloc(size as u64)?;
        // SAFETY: not null, and the caller passes a place for an address.
        unsafe { addr.write(address) };
        Ok(0)
    });
    hooks::run(veo_alloc_mem as *const c_void, [proc_ as u64, addr as u64, size as u64]);
    result
}

pub unsafe extern "C" fn veo_free_mem(proc_: *mut veo_proc_handle, addr: u64) -> c_int {
    let result = guard(-1, || {
        let process = process(proc_)?;
        if !process.machine.is_dead() {
            process.free(addr)?;
        }
        Ok(0)
    });
    hooks::run(veo_free_mem as *const c_void, [proc_ as u64, addr, 0]);
    result
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
        unsafe { process(proc_)?.read(dst.cast(), src, size as u64)? };
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
        unsafe { process(proc_)?.write(dst, src.cast(), size as u64)? };
        Ok(0)
    })
}

pub unsafe extern "C" fn veo_alloc_mem_async(ctx: *mut veo_thr_ctxt, size: usize) -> u64 {
    guard(VEO_REQUEST_ID_INVALID, || {
        context(ctx)?.queue.host(HostOp::Alloc { len: size as u64 })
    })
}

pub unsafe extern "C" fn veo_free_mem_async(ctx: *mut veo_thr_ctxt, addr: u64) -> u64 {
    guard(VEO_REQUEST_ID_INVALID, || {
        context(ctx)?.queue.host(HostOp::Free { address: addr })
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
        context(ctx)?.queue.host(HostOp::Read {
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
        context(ctx)?.queue.host(HostOp::Write {
            dst,
            src: src.cast(),
            len: size as u64,
        })
    })
}
