//! Two kernels of one name in different modules.
use veo_core::{Result, VeoProc};

mod single {
    use veo_core::ve_kernel;

    #[ve_kernel(lib = "libsingle.so")]
    pub fn dot(x: *const f32, y: *const f32, n: u64) -> f32;
}

mod double {
    use veo_core::ve_kernel;

    #[ve_kernel(lib = "libdouble.so")]
    pub fn dot(x: *const f64, y: *const f64, n: u64) -> f64;
}

fn call(proc: &VeoProc) -> Result<f64> {
    let x = proc.upload(&[1.0f32])?;
    let y = proc.upload(&[1.0f64])?;
    let single = single::dot(proc, &x, &x, 1)?;
    Ok(f64::from(single) + double::dot(proc, &y, &y, 1)?)
}
