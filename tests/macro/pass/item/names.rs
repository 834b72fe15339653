//! Kernels and parameters with names that mean something else as well.
use veo_core::{Result, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    safe fn f64(f64: f64) -> f64;
    safe fn drop(drop: i32);
    safe fn line(line: i32, file: i32, env: i32);
    safe fn union(auto: i32, default: i32, raw: i32, safe: i32);
    safe fn on(ctx_or_proc: i32, proc: i32);
}

fn call(proc: &VeoProc) -> Result<f64> {
    self::drop(proc, 1)?;
    line(proc, 1, 2, 3)?;
    union(proc, 1, 2, 3, 4)?;
    on(proc, 1, 2)?;
    self::f64(proc, 1.0)
}
