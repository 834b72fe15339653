//! A kernel beside a module and a type of the same name.
use veo_core::{Result, VeoProc};

mod scale {
    use veo_core::ve_kernel;

    #[ve_kernel(lib = "libk.so")]
    pub fn scale(factor: f64) -> f64;
}

use scale::scale;

fn call(proc: &VeoProc) -> Result<f64> {
    scale(proc, 1.0)
}
