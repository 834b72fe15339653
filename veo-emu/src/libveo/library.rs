//! Libraries and symbols.

use std::ffi::{c_char, c_int};

use veo_abi::ffi::veo_proc_handle;

use super::{guard, process_of, string};
use crate::host::library;

pub unsafe extern "C" fn veo_load_library(proc_: *mut veo_proc_handle, path: *const c_char) -> u64 {
    guard(0, || {
        let process = process_of(proc_)?;
        // SAFETY: the caller passes a string.
        let path = unsafe { string(path, "path of the library")? };
        library::check_name("library", path)?;
        process.load(path, false)
    })
}

pub unsafe extern "C" fn veo_emu_load_library(
    proc_: *mut veo_proc_handle,
    path: *const c_char,
) -> u64 {
    guard(0, || {
        let process = process_of(proc_)?;
        // SAFETY: the caller passes a string.
        process.load(unsafe { string(path, "path of the library")? }, true)
    })
}

pub unsafe extern "C" fn veo_unload_library(proc_: *mut veo_proc_handle, library: u64) -> c_int {
    guard(-1, || {
        process_of(proc_)?.unload(library)?;
        Ok(0)
    })
}

pub unsafe extern "C" fn veo_get_sym(
    proc_: *mut veo_proc_handle,
    library: u64,
    name: *const c_char,
) -> u64 {
    guard(0, || {
        let process = process_of(proc_)?;
        // SAFETY: the caller passes a string.
        process.symbol(library, unsafe { string(name, "name of the symbol")? })
    })
}

pub unsafe extern "C" fn veo_emu_is_code(proc_: *mut veo_proc_handle, address: u64) -> c_int {
    guard(-1, || {
        let is_code = process_of(proc_)?.is_code(address);
        Ok(is_code.map_or(-1, c_int::from))
    })
}
