//! Loading libraries of native code with the system's loader, and finding their symbols.

use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_void};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::ptr;

use veo_debuginfo::executable::Mapped;

use crate::shared::code::MachineCode;
use crate::veorun::engine::LoadedFile;

/// The part of glibc's and musl's `struct link_map` that is the same everywhere.
#[repr(C)]
struct LinkMap {
    base: u64,
    name: *const c_char,
    dynamic: *const c_void,
}

/// Loads a library with all its symbols resolved and visible to later ones.
pub(super) fn load(path: &[u8]) -> Result<LoadedFile, String> {
    let path = CString::new(path).map_err(|_| "the path contains a NUL".to_owned())?;
    // SAFETY: the path is a NUL-terminated string. The library's constructors run;
    // they are the user's code, in the process that exists to run it.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
    if handle.is_null() {
        return Err(last_error());
    }
    let mut map: *const LinkMap = ptr::null();
    // SAFETY: the handle is open and the place for the pointer is valid.
    let found = unsafe {
        libc::dlinfo(
            handle,
            libc::RTLD_DI_LINKMAP,
            ptr::from_mut(&mut map).cast(),
        )
    };
    let asked = path.as_bytes();
    let (base, path, place) = if found == 0 && !map.is_null() {
        // SAFETY: the link map of an open library is valid, its name is a string.
        let (map, name) = unsafe { (&*map, CStr::from_ptr((*map).name)) };
        (map.base, name.to_bytes(), map.dynamic as u64)
    } else {
        (0, asked, 0)
    };
    // The loader goes by names: another library may have needed one of this name before.
    let named = if asked.contains(&b'/') { asked } else { path };
    Ok(LoadedFile {
        handle: handle as u64,
        base,
        code: MachineCode::Native,
        path: path.to_vec(),
        is_in_place: is_mapped(named, place),
    })
}

/// Whether the file of this path is mapped at `place`, as far as the system tells.
fn is_mapped(path: &[u8], place: u64) -> bool {
    let Ok(file) = File::open(OsStr::from_bytes(path)) else {
        return false;
    };
    match Mapped::at(place as usize) {
        Ok(Some(loaded)) => loaded.is(&file),
        // The system does not tell.
        _ => true,
    }
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

/// The address of a symbol of a library; 0: there is no such symbol.
pub(super) fn symbol(handle: u64, name: &[u8]) -> u64 {
    let Ok(name) = CString::new(name) else {
        return 0;
    };
    // SAFETY: as for `unload`; the name is a NUL-terminated string.
    unsafe { libc::dlsym(handle as *mut c_void, name.as_ptr()) as u64 }
}

/// Whether the address is in an executable segment of a loaded library or of the program.
pub(super) fn is_code(address: u64) -> bool {
    unsafe extern "C" fn look(
        object: *mut libc::dl_phdr_info,
        _: libc::size_t,
        address: *mut c_void,
    ) -> c_int {
        // SAFETY: `dl_iterate_phdr` passes an object that is valid meanwhile, with that many
        // headers, and hands on the pointer that it was given below.
        let (base, headers, address) = unsafe {
            let object = &*object;
            let headers = match object.dlpi_phnum {
                0 => &[],
                count => std::slice::from_raw_parts(object.dlpi_phdr, count.into()),
            };
            (object.dlpi_addr, headers, *address.cast::<u64>())
        };
        let is_there = headers.iter().any(|header| {
            let start = base.wrapping_add(header.p_vaddr);
            header.p_type == libc::PT_LOAD
                && header.p_flags & libc::PF_X != 0
                && address.wrapping_sub(start) < header.p_memsz
        });
        is_there.into()
    }
    let place = ptr::from_ref(&address).cast_mut().cast();
    // SAFETY: `look` reads the address at this place, which outlives the call, and unwinds
    // for nothing.
    unsafe { libc::dl_iterate_phdr(Some(look), place) != 0 }
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
