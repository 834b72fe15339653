use std::ffi::c_void;

use veo_core::{VeoProc, ve_kernel};

#[derive(Clone, Copy)]
#[repr(C)]
struct Point {
    x: f64,
    y: f64,
}

#[ve_kernel(lib = "libk.so")]
fn fill(data: *mut c_void, size: u64);

fn call(proc: &VeoProc) -> veo_core::Result<()> {
    let mut points = proc.alloc::<Point>(10)?;
    let size = points.size() as u64;
    fill(proc, &mut points, size)
}

fn main() {}
