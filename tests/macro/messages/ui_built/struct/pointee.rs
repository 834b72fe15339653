use veo_core::{VeAddr, VeData, ve_kernel};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct List {
    next: VeAddr<List>,
    data: VeAddr<f32>,
    at: VeAddr<core::ffi::c_void>,
}

#[ve_kernel(lib = "libbuilt.so")]
fn total(l: *const List) -> f64;

fn main() {}
