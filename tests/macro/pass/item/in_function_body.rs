//! A declaration inside a function, also a generic one.
use veo_core::{Result, VeoProc, ve_kernel};

fn call(proc: &VeoProc) -> Result<i64> {
    #[ve_kernel(lib = "libk.so")]
    fn local(n: i64) -> i64;

    local(proc, 3)
}

fn generic<T: Into<i64>>(proc: &VeoProc, n: T) -> Result<i64> {
    #[ve_kernel(lib = "libk.so")]
    fn local(n: i64) -> i64;

    local(proc, n.into())
}
