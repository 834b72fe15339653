//! Versions of the library, and nodes. Shared memory and DMA engines need a real VE, so their
//! functions fail.

use std::ffi::{c_char, c_int, c_longlong, c_void};
use std::ptr;

use libc::{key_t, pid_t};
use veo_abi::ffi::{ve_dma_handle_t, veo_proc_handle};

use super::guard;
use crate::error::{self, Error};
use crate::host::node::{self, Node};

pub unsafe extern "C" fn veo_api_version() -> c_int {
    veo_abi::ffi::VEO_API_VERSION as c_int
}

pub unsafe extern "C" fn veo_version_string() -> *const c_char {
    const VERSION: &str = concat!("veo-emu ", env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// 1 or 3 for VE1 and VE3; the emulated nodes count as VE1. 0: the number, or what a
/// variable makes of it, can be no node's. -1: there is no such node.
pub unsafe extern "C" fn veo_get_ve_arch(ve_node_number: c_int) -> c_int {
    guard(-1, || {
        let number = match node::resolve(ve_node_number) {
            Ok(number) if number >= 0 => number,
            refused => {
                error::leave(refused.err().unwrap_or_else(|| {
                    Error::invalid(format!("{ve_node_number} is no number of a VE node"))
                }));
                return Ok(0);
            }
        };
        Node::get(number)?;
        Ok(1)
    })
}

fn unsupported<R>(failure: R) -> R {
    error::leave(Error::new(
        libc::ENOTSUP,
        "VE shared memory and DMA need a real VE; the emulated node has neither",
    ));
    failure
}

pub unsafe extern "C" fn veo_shared_mem_open(
    _addr: *mut c_void,
    _size: usize,
    _syncnum: c_int,
    _mode: c_longlong,
) -> c_int {
    unsupported(-1)
}

pub unsafe extern "C" fn veo_shared_mem_close(
    _addr: *mut c_void,
    _size: usize,
    _syncnum: c_int,
    _mode: c_longlong,
) -> c_int {
    unsupported(-1)
}

pub unsafe extern "C" fn veo_shared_mem_attach(
    _proc: *mut veo_proc_handle,
    _owner: pid_t,
    _addr: *mut c_void,
    _size: usize,
    _syncnum: c_int,
    _mode: c_longlong,
) -> *mut c_void {
    unsupported(ptr::without_provenance_mut(usize::MAX))
}

pub unsafe extern "C" fn veo_shared_mem_detach(
    _proc: *mut veo_proc_handle,
    _addr: *mut c_void,
    _mode: c_longlong,
) -> c_int {
    unsupported(-1)
}

pub unsafe extern "C" fn veo_shmget(
    _proc: *mut veo_proc_handle,
    _key: key_t,
    _size: usize,
    _flags: c_int,
) -> c_int {
    unsupported(-1)
}

pub unsafe extern "C" fn veo_shmat(
    _proc: *mut veo_proc_handle,
    _id: c_int,
    _addr: *const c_void,
    _flags: c_int,
    _vehva: *mut *mut c_void,
) -> *mut c_void {
    unsupported(ptr::without_provenance_mut(usize::MAX))
}

pub unsafe extern "C" fn veo_shmdt(_proc: *mut veo_proc_handle, _addr: *const c_void) -> c_int {
    unsupported(-1)
}

pub unsafe extern "C" fn veo_dma_post(
    _proc: *mut veo_proc_handle,
    _dst: u64,
    _src: u64,
    _size: c_int,
    _handle: *mut ve_dma_handle_t,
) -> c_int {
    unsupported(-1)
}

pub unsafe extern "C" fn veo_dma_poll(
    _proc: *mut veo_proc_handle,
    _handle: *mut ve_dma_handle_t,
) -> c_int {
    unsupported(-1)
}

pub unsafe extern "C" fn veo_dma_post_wait(
    _proc: *mut veo_proc_handle,
    _dst: u64,
    _src: u64,
    _size: c_int,
) -> c_int {
    unsupported(-1)
}

pub unsafe extern "C" fn veo_register_mem_to_dmaatb(_addr: *mut c_void, _size: usize) -> u64 {
    unsupported(u64::MAX)
}

pub unsafe extern "C" fn veo_unregister_mem_from_dmaatb(
    _proc: *mut veo_proc_handle,
    _addr: u64,
) -> c_int {
    unsupported(-1)
}

pub unsafe extern "C" fn veo_access_pcircvsyc_register(_proc: *mut veo_proc_handle) {
    unsupported(());
}
