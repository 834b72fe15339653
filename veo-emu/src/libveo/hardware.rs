//! What needs a real VE: shared memory of the VE and its DMA engines. It all fails.

use std::ffi::{c_int, c_longlong, c_void};
use std::ptr;

use libc::{key_t, pid_t};
use veo_abi::ffi::{ve_dma_handle_t, veo_proc_handle};

use crate::error::{self, Error};

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
