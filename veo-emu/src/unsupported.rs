//! Platforms without an emulated node: the table is there, processes are not.

use std::os::raw::{c_char, c_int};
use std::ptr;

use veo_abi::ffi::{VEO_API_VERSION, VeoApi, veo_proc_handle};

const WHY: &str = "the emulated VE node needs Linux on x86-64 or AArch64";

unsafe extern "C" fn veo_api_version() -> c_int {
    VEO_API_VERSION as c_int
}

unsafe extern "C" fn veo_proc_create(_node: c_int) -> *mut veo_proc_handle {
    ptr::null_mut()
}

unsafe extern "C" fn veo_emu_last_error(text: *mut c_char, size: usize) -> usize {
    if !text.is_null() && size > 0 {
        let len = WHY.len().min(size - 1);
        // SAFETY: the caller passes room for `size` bytes, and `len` is less.
        unsafe {
            ptr::copy_nonoverlapping(WHY.as_ptr(), text.cast(), len);
            text.add(len).write(0);
        }
    }
    WHY.len()
}

/// A table in which creating a process fails and says why.
pub fn api() -> &'static VeoApi {
    static API: VeoApi = VeoApi {
        veo_api_version: Some(veo_api_version),
        veo_proc_create: Some(veo_proc_create),
        veo_emu_last_error: Some(veo_emu_last_error),
        ..VeoApi::EMPTY
    };
    &API
}

/// There are no VE processes here.
pub fn veorun_main() {}
