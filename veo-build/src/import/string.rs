//! The strings of clang.

use std::ffi::CStr;

use clang_sys::{CXString, clang_disposeString, clang_getCString};

/// The text of a string of clang's, which is disposed of.
///
/// # Safety
///
/// The string is one that clang gave, and is taken once.
pub(super) unsafe fn taken(string: CXString) -> String {
    // SAFETY: the text lives until the string is disposed of, which the caller's promise allows here, after it was copied.
    unsafe {
        let text = clang_getCString(string);
        let copy = if text.is_null() {
            String::new()
        } else {
            CStr::from_ptr(text).to_string_lossy().into_owned()
        };
        clang_disposeString(string);
        copy
    }
}
