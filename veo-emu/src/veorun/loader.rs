//! Loading libraries of kernels and finding their symbols.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;

/// A loaded library.
pub(super) struct Loaded {
    pub(super) handle: u64,
    /// What is added to the file's addresses.
    pub(super) base: u64,
    /// The file it came from.
    pub(super) path: Vec<u8>,
}

/// The part of glibc's and musl's `struct link_map` that is the same everywhere.
#[repr(C)]
struct LinkMap {
    base: u64,
    name: *const c_char,
}

/// Loads a library with all its symbols resolved and visible to later ones.
pub(super) fn load(path: &[u8]) -> Result<Loaded, String> {
    super::shim::load();
    let path = CString::new(path).map_err(|_| "the path contains a NUL".to_owned())?;
    // SAFETY: the path is a NUL-terminated string. The library's constructors run;
    // they are the user's code, in the process that exists to run it.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
    if handle.is_null() {
        return Err(last_error());
    }
    let mut map: *const LinkMap = ptr::null();
    // SAFETY: the handle is open and the place for the pointer is valid.
    let found = unsafe { libc::dlinfo(handle, libc::RTLD_DI_LINKMAP, ptr::from_mut(&mut map).cast()) };
    let (base, path) = if found == 0 && !map.is_null() {
        // SAFETY: the link map of an open library is valid, its name is a string.
        unsafe { ((*map).base, CStr::from_ptr((*map).name).to_bytes().to_vec()) }
    } else {
        (0, path.into_bytes())
    };
    Ok(Loaded {
        handle: handle as u64,
        base,
        path,
    })
}

/// Unloads a library that `load` returned.
pub(super) fn unload(handle: u64) -> Result<(), String> {
    // SAFETY: the host passes only handles that it got from `load` and still holds.
    if unsafe { libc::dlclose(handle as *mut c_void) } == 0 {
        Ok(())
    } else {
        Err(last_error())
    }
}

/// The address of a symbol of a library, 0 if there is none.
pub(super) fn symbol(handle: u64, name: &[u8]) -> u64 {
    let Ok(name) = CString::new(name) else {
        return 0;
    };
    // SAFETY: as for `unload`; the name is a NUL-terminated string.
    unsafe { libc::dlsym(handle as *mut c_void, name.as_ptr()) as u64 }
}

fn last_error() -> String {
    // SAFETY: dlerror returns null or a string that is valid until the next call
    // of this thread.
    unsafe {
        let text = libc::dlerror();
        if text.is_null() {
            "the loader gave no reason".to_owned()
        } else {
            CStr::from_ptr(text).to_string_lossy().into_owned()
        }
    }
}
