//! The hook functions: they name other functions by address.
//!
//! A program knows `veo_alloc_mem` by the address its own linker gave it; the
//! emulator knows its function of that name. These three translate.

use std::os::raw::c_void;

use crate::exports::PAIRS;

/// The emulator's address of the function that a program calls `func`.
///
/// An address that is none of ours is handed on as it is.
fn translate(func: *mut c_void) -> *mut c_void {
    if func.is_null() {
        return func;
    }
    for pair in PAIRS {
        if pair.export.cast() == func.cast_const() || program_address(pair.name) == func {
            return pair.emulator.cast_mut().cast();
        }
    }
    func
}

/// What the program sees as the address of `name` (NUL-terminated): in one that
/// was not compiled position independent, an entry of its own, not ours.
fn program_address(name: &'static str) -> *mut c_void {
    // SAFETY: `name` ends with a NUL (`concat!` in the table); dlsym reads the
    // string and returns an address or null.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr().cast()) }
}

pub(crate) unsafe extern "C" fn veo_register_hook(
    func: *mut c_void,
    hook: Option<unsafe extern "C" fn(*mut c_void, ...)>,
    payload: *mut c_void,
) {
    // SAFETY: passed on with the caller's promise; `func` is only compared.
    unsafe { veo_emu::libveo::veo_register_hook(translate(func), hook, payload) }
}

pub(crate) unsafe extern "C" fn veo_get_hook(func: *mut c_void) -> *mut c_void {
    // SAFETY: as above.
    unsafe { veo_emu::libveo::veo_get_hook(translate(func)) }
}

pub(crate) unsafe extern "C" fn veo_unregister_hook(func: *mut c_void) {
    // SAFETY: as above.
    unsafe { veo_emu::libveo::veo_unregister_hook(translate(func)) }
}
