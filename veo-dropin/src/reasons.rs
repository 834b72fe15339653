//! Prints to standard error why a process, a library or a context could not be had.
//!
//! libveo returns no reasons to its callers, but prints them. These functions do the same, until
//! the program calls an extension and so shows that it asks for reasons itself.

use std::io::Write as _;
use std::os::raw::{c_char, c_int};
use std::sync::atomic::{AtomicBool, Ordering};

use veo_abi::ffi::{veo_emu_options, veo_proc_handle, veo_thr_ctxt, veo_thr_ctxt_attr};
use veo_emu::libveo as emulator;

/// Whether the program knows the extensions.
static ASKS: AtomicBool = AtomicBool::new(false);

/// Prints why `function` failed.
#[cold]
fn tell(function: &str) {
    if ASKS.load(Ordering::Relaxed) {
        return;
    }
    // Only sentences with several paths may be longer.
    let mut text = [0u8; 2048];
    // SAFETY: the buffer has the size that is given.
    let length = unsafe { emulator::veo_emu_last_error(text.as_mut_ptr().cast(), text.len()) };
    let text = String::from_utf8_lossy(&text[..length.min(text.len() - 1)]);
    // This is one write, and it must not panic if standard error is closed.
    let line = format!("libveo: {function}: {text}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}

fn told<T>(function: &str, pointer: *mut T) -> *mut T {
    if pointer.is_null() {
        tell(function);
    }
    pointer
}

pub(crate) unsafe extern "C" fn veo_proc_create(node: c_int) -> *mut veo_proc_handle {
    // SAFETY: the arguments are our caller's, here and below.
    told("veo_proc_create", unsafe {
        emulator::veo_proc_create(node)
    })
}

pub(crate) unsafe extern "C" fn veo_proc_create_static(
    node: c_int,
    veorun: *const c_char,
) -> *mut veo_proc_handle {
    // SAFETY: as above.
    let proc = unsafe { emulator::veo_proc_create_static(node, veorun) };
    told("veo_proc_create_static", proc)
}

pub(crate) unsafe extern "C" fn veo_load_library(
    proc: *mut veo_proc_handle,
    path: *const c_char,
) -> u64 {
    // SAFETY: as above.
    let library = unsafe { emulator::veo_load_library(proc, path) };
    if library == 0 {
        tell("veo_load_library");
    }
    library
}

pub(crate) unsafe extern "C" fn veo_context_open(proc: *mut veo_proc_handle) -> *mut veo_thr_ctxt {
    // SAFETY: as above.
    told("veo_context_open", unsafe {
        emulator::veo_context_open(proc)
    })
}

pub(crate) unsafe extern "C" fn veo_context_open_with_attr(
    proc: *mut veo_proc_handle,
    attr: *mut veo_thr_ctxt_attr,
) -> *mut veo_thr_ctxt {
    // SAFETY: as above.
    let ctx = unsafe { emulator::veo_context_open_with_attr(proc, attr) };
    told("veo_context_open_with_attr", ctx)
}

pub(crate) unsafe extern "C" fn veo_emu_last_error(text: *mut c_char, size: usize) -> usize {
    ASKS.store(true, Ordering::Relaxed);
    // SAFETY: as above.
    unsafe { emulator::veo_emu_last_error(text, size) }
}

pub(crate) unsafe extern "C" fn veo_emu_num_nodes() -> c_int {
    ASKS.store(true, Ordering::Relaxed);
    // SAFETY: as above.
    unsafe { emulator::veo_emu_num_nodes() }
}

pub(crate) unsafe extern "C" fn veo_emu_proc_create(
    node: c_int,
    options: *const veo_emu_options,
) -> *mut veo_proc_handle {
    ASKS.store(true, Ordering::Relaxed);
    // SAFETY: as above.
    unsafe { emulator::veo_emu_proc_create(node, options) }
}
