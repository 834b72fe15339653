//! Kernels inside methods, generic functions and constants.
use std::ffi::c_void;

use veo_core::{Result, VeBuffer, VeData, VeoProc, ve_kernel};

struct Device(VeoProc);

impl Device {
    fn sum(&self, x: &[f64]) -> Result<f64> {
        #[ve_kernel(lib = "libk.so")]
        fn sum(x: &[f64], n: usize) -> f64;
        sum(&self.0, x, x.len())
    }
}

fn clear<T: VeData>(proc: &VeoProc, buffer: &mut VeBuffer<T>) -> Result<()> {
    #[ve_kernel(lib = "libk.so")]
    fn clear(data: *mut c_void, size: usize);
    let size = buffer.size();
    clear(proc, buffer, size)
}

const _: () = {
    #[ve_kernel(lib = "libk.so")]
    fn hidden(n: i32);
};
