use veo_core::VeData;

use core::ffi::c_void;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Array {
    data: *mut c_void,
    len: i64,
}

fn main() {}
