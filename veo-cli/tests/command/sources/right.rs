//! Declarations that agree with shapes.c.

use veo_core::{VeAddr, VeData, VeOpaque, ve_kernel};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
pub struct Point {
    pub x: f64,
    pub y: f64,
    pub next: VeAddr<Point>,
}

#[derive(VeOpaque)]
pub struct Hidden(());

type Real = f64;

#[ve_kernel(lib = "libshapes.so")]
pub fn sum(x: *const Real, n: i64) -> Real;

pub mod inner {
    use super::*;

    #[ve_kernel(lib = "libshapes.so")]
    unsafe extern "C" {
        #[ve_kernel(requires(n >= 0, x.len() >= n))]
        pub safe fn scale(x: *mut f64, n: i64, by: f64);
        pub safe fn narrow(x: i8) -> i8;
        pub safe fn norm2(p: *const Point) -> f64;
        pub safe fn handle(old: *mut Hidden) -> *mut Hidden;
        #[ve_kernel(name = "match")]
        pub safe fn matches(ty: core::ffi::c_int) -> core::ffi::c_int;
    }
}
