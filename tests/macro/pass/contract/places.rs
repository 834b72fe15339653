//! Wherever a declaration can stand, and whatever its names are.
#![deny(missing_docs, unused, unused_qualifications, rust_2018_idioms)]
#![allow(dead_code)]

use veo_core::{Result, VeoContext, VeoProc, ve_kernel};

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    /// Has one.
    #[ve_kernel(requires(x.len() >= n))]
    safe fn with(n: i64, x: *mut f64);

    /// Has none.
    safe fn without(n: i64);

    /// Has one, and a name of its own.
    #[ve_kernel(name = "third_", requires(n > 0))]
    #[track_caller]
    unsafe fn third(n: i64);
}

/// The same by another path.
#[ve_kernel(lib = "libk.so", crate = facade::ve, requires(n > 0 && x.is_aligned(8)))]
fn by_another_path(n: i64, x: *const f64);

/// Names that the expansion uses.
#[ve_kernel(lib = "libk.so", requires(verdict > 0, seen > 0, call > verdict))]
fn names(verdict: i64, seen: i64, call: i64);

macro_rules! kernel {
    ($name:ident($n:ident, $x:ident) requires $condition:expr) => {
        /// From a macro.
        #[ve_kernel(lib = "libk.so", requires($x.len() >= $n, $condition))]
        fn $name($n: u32, $x: *const f32);
    };
}

kernel!(from_a_macro(count, values) requires 3 + 4 > 2);

fn inside(ctx: &VeoContext) -> Result<()> {
    const LEAST: i64 = 3;

    #[ve_kernel(lib = "libk.so", requires(n >= LEAST))]
    fn local(n: i64);

    local(ctx, 4)?.wait()
}

struct Kernels;

impl Kernels {
    #[ve_kernel(lib = "libk.so", requires(n > 0))]
    fn method(n: i64);
}

fn call(proc: &VeoProc) -> Result<()> {
    let mut x = proc.upload(&[1.0])?;
    with(proc, 1, &mut x)?;
    let as_value = Kernels::method::<VeoProc, ()>;
    as_value(proc, 3)
}
