//! Translates addresses of functions, for the hook functions.
//!
//! A program knows `veo_alloc_mem` by the address its own linker gave it; the
//! emulator knows its function of that name.

use std::os::raw::c_void;

/// A function of the interface, as a C program and as the emulator know it.
pub(crate) struct Export {
    /// C name, with a terminating NUL.
    pub(crate) name: &'static str,
    pub(crate) export: *const (),
    pub(crate) emulator: *const (),
}

// SAFETY: the pointers are addresses of functions, the same on every thread.
unsafe impl Sync for Export {}

/// The emulator's address of the function that a program calls `func`.
///
/// Any other address is returned unchanged.
pub(crate) fn translate(func: *mut c_void, exports: &[Export]) -> *mut c_void {
    if func.is_null() {
        return func;
    }
    for export in exports {
        if export.export.cast() == func.cast_const() || program_address(export.name) == func {
            return export.emulator.cast_mut().cast();
        }
    }
    func
}

/// The address of `name` (NUL-terminated) as the program sees it. In a program that is not
/// position-independent, this is an entry in the program itself, not our function.
fn program_address(name: &'static str) -> *mut c_void {
    // SAFETY: `name` ends with a NUL (`concat!` in the table); dlsym reads the
    // string and returns an address or null.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr().cast()) }
}
