//! The library that kernels link against (`libveohmem.so`): carried inside this one,
//! loaded from memory before the first library of kernels, so that it satisfies
//! theirs by name.

use std::ffi::{CString, c_int};
use std::fs::File;
use std::io::Write;
use std::os::fd::IntoRawFd;
use std::sync::Once;

use crate::sys::memfd;
use crate::veorun::current;

/// The library that kernels link against (`libveohmem.so`): an ELF file, empty if
/// it could not be built. VE processes load it by themselves.
pub static LIBVEOHMEM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/libveohmem.so"));

type PrevResult = unsafe extern "C" fn(c_int, *mut u64) -> c_int;

/// Loads the library, once. Without /proc this fails. Then kernels that need it do not load,
/// and the loader says so.
pub(super) fn load() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = try_load();
    });
}

fn try_load() -> std::io::Result<()> {
    if LIBVEOHMEM.is_empty() {
        return Ok(());
    }
    let size = LIBVEOHMEM.len() as u64;
    let mut file = File::from(memfd::create(c"libveohmem.so", size)?);
    file.write_all(LIBVEOHMEM)?;
    // Debuggers open the path that the loader names. It must name the same file for them while
    // the library is loaded, so the descriptor stays open.
    let (process, fd) = (std::process::id(), file.into_raw_fd());
    let path = CString::new(format!("/proc/{process}/fd/{fd}"))?;
    // SAFETY: the path is a NUL-terminated string; the library has no constructors.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
    if handle.is_null() {
        return Err(std::io::ErrorKind::NotFound.into());
    }
    // SAFETY: an open handle and a NUL-terminated name.
    let place = unsafe { libc::dlsym(handle, c"veohmem_prev_req_result".as_ptr()) };
    if !place.is_null() {
        // SAFETY: the library declares this variable with this type, and no kernel
        // has been loaded yet that could read it.
        unsafe { place.cast::<PrevResult>().write(prev_req_result) };
    }
    Ok(())
}

/// The function behind `veo_prev_req_result` in kernels.
unsafe extern "C" fn prev_req_result(offset: c_int, result: *mut u64) -> c_int {
    let earlier = u64::try_from(offset).ok().and_then(current::earlier_result);
    match earlier {
        Some(value) if !result.is_null() => {
            // SAFETY: the kernel passes a place for a word.
            unsafe { result.write(value) };
            0
        }
        _ => -1,
    }
}
