//! Heterogeneous memory: pointers that name their VE process.

use std::ffi::{c_int, c_void};
use std::ptr;

use veo_abi::ffi::veo_proc_handle;
use veo_abi::hmem::{self, MAX_PROCESSES, is_ve, untag};

use super::hooks::{Action, AllocHook, FreeHook, HookedCall, register};
use super::memory::{veo_alloc_mem, veo_alloc_mem_async, veo_free_mem, veo_free_mem_async};
use super::{PROCESSES, guard, hooks, identifiers, memory, process_of};
use crate::error::{Error, Result};
use crate::handle::HandleGuard;
use crate::host::process::VeProcess;

fn owner(address: u64) -> Result<(u64, HandleGuard<'static, VeProcess>)> {
    if !is_ve(address) {
        return Err(Error::invalid(format!(
            "{address:#x} is no address of a VE"
        )));
    }
    let identifier = hmem::identifier(address);
    let handle = identifiers::process(identifier);
    let process = PROCESSES
        .get(handle)
        .ok_or_else(|| Error::new(libc::ESRCH, format!("there is no VE process {identifier}")))?;
    process.check_owner()?;
    Ok((handle, process))
}

pub unsafe extern "C" fn veo_is_ve_addr(addr: *const c_void) -> c_int {
    c_int::from(is_ve(addr as u64))
}

pub unsafe extern "C" fn veo_get_hmem_addr(addr: *mut c_void) -> *mut c_void {
    untag(addr as u64) as *mut c_void
}

pub unsafe extern "C" fn veo_get_max_proc_identifier() -> c_int {
    MAX_PROCESSES as c_int
}

pub unsafe extern "C" fn veo_get_proc_identifier_from_hmem(addr: *const c_void) -> c_int {
    guard(-1, || {
        let address = addr as u64;
        if is_ve(address) {
            Ok(hmem::identifier(address) as c_int)
        } else {
            Err(Error::invalid(format!(
                "{address:#x} is no address of a VE"
            )))
        }
    })
}

pub unsafe extern "C" fn veo_get_proc_handle_from_hmem(
    addr: *const c_void,
) -> *mut veo_proc_handle {
    guard(ptr::null_mut(), || {
        owner(addr as u64).map(|(handle, _)| handle as *mut veo_proc_handle)
    })
}

pub unsafe extern "C" fn veo_get_venum_from_hmem(addr: *const c_void) -> c_int {
    guard(-1, || {
        owner(addr as u64).map(|(_, process)| process.node_number)
    })
}

pub unsafe extern "C" fn veo_get_pid_from_hmem(addr: *const c_void) -> libc::pid_t {
    guard(-1, || {
        owner(addr as u64).map(|(_, process)| process.child.pid)
    })
}

pub unsafe extern "C" fn veo_alloc_hmem(
    proc_: *mut veo_proc_handle,
    addr: *mut *mut c_void,
    size: usize,
) -> c_int {
    guard(-1, || {
        if addr.is_null() {
            return Err(Error::invalid("the place for the address is NULL"));
        }
        if proc_.is_null() {
            // SAFETY: malloc takes a number.
            let memory = unsafe { libc::malloc(size.max(1)) };
            // As with libveo, the place is written even if the host has no memory. If a VE has
            // none, the place is left as it is.
            // SAFETY: not null, and the caller passes a place for an address.
            unsafe { addr.write(memory) };
            if memory.is_null() {
                return Err(Error::new(
                    libc::ENOMEM,
                    format!("no {size} bytes on the host"),
                ));
            }
            return Ok(0);
        }
        let (handle, size) = (proc_ as u64, size as u64);
        let process = process_of(proc_)?;
        let identifier = identifiers::of(handle)?;
        let mut address = process.alloc(size)?;
        drop(process);
        let tagged = identifiers::tag(address, identifier)?;
        // SAFETY: not null, and the caller passes a place for an address.
        unsafe { addr.write(tagged as *mut c_void) };
        memory::after_alloc(handle, address, &raw mut address as u64, size);
        hooks::run(
            veo_alloc_hmem as *const c_void,
            &HookedCall {
                handle,
                process: handle,
                address,
                shown: tagged,
                size: Some(size),
            },
        );
        Ok(0)
    })
}

pub unsafe extern "C" fn veo_free_hmem(addr: *mut c_void) -> c_int {
    guard(-1, || {
        let tagged = addr as u64;
        if !is_ve(tagged) {
            // SAFETY: the caller passes what `veo_alloc_hmem` gave for the host.
            unsafe { libc::free(addr) };
            return Ok(0);
        }
        let address = untag(tagged);
        let (handle, process) = owner(tagged)?;
        process.free(address)?;
        drop(process);
        memory::after_free(handle, address);
        hooks::run(
            veo_free_hmem as *const c_void,
            &HookedCall {
                handle,
                process: handle,
                address,
                shown: tagged,
                size: None,
            },
        );
        Ok(0)
    })
}

pub unsafe extern "C" fn veo_hmemcpy(dst: *mut c_void, src: *const c_void, size: usize) -> c_int {
    guard(-1, || {
        let (to, from, len) = (dst as u64, src as u64, size as u64);
        match (is_ve(to), is_ve(from)) {
            // SAFETY: the caller passes buffers of `size` bytes.
            (false, false) => unsafe { crate::sys::memfd::copy(dst.cast(), src.cast(), size) },
            (true, false) => {
                // SAFETY: the caller passes a buffer of `size` bytes.
                unsafe { owner(to)?.1.write(untag(to), src.cast(), len)? };
            }
            (false, true) => {
                // SAFETY: the caller passes a buffer of `size` bytes.
                unsafe { owner(from)?.1.read(dst.cast(), untag(from), len)? };
            }
            (true, true) => {
                let (handle, process) = owner(to)?;
                if owner(from)?.0 != handle {
                    return Err(Error::new(
                        libc::EXDEV,
                        "memory cannot be copied from one VE process to another",
                    ));
                }
                process.copy(untag(to), untag(from), len)?;
            }
        }
        Ok(0)
    })
}

/// The functions after which the hmem hooks run.
fn memory_functions() -> [*const c_void; 4] {
    [
        veo_alloc_mem as *const c_void,
        veo_alloc_mem_async as *const c_void,
        veo_free_mem as *const c_void,
        veo_free_mem_async as *const c_void,
    ]
}

pub unsafe extern "C" fn veo_register_hmem_hook_functions(
    alloc: Option<AllocHook>,
    free: Option<FreeHook>,
) {
    let [alloc_mem, alloc_mem_async, free_mem, free_mem_async] = memory_functions();
    for function in [alloc_mem, alloc_mem_async] {
        register(function, alloc.map(Action::HmemAlloc));
    }
    for function in [free_mem, free_mem_async] {
        register(function, free.map(Action::HmemFree));
    }
}

pub unsafe extern "C" fn veo_unregister_hmem_hook_functions() {
    for function in memory_functions() {
        register(function, None);
    }
}
