//! Under lints that some crates deny.
#![deny(
    missing_docs,
    unused,
    nonstandard_style,
    rust_2018_idioms,
    unused_qualifications,
    unreachable_pub,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    single_use_lifetimes,
    trivial_casts,
    unused_lifetimes
)]
#![allow(dead_code)]

use veo_core::{OnStack, VeAddr, VeData, VeMemPtr, ve_kernel};

/// A point.
#[derive(Clone, Copy, VeData)]
#[repr(C)]
pub(crate) struct Point {
    x: f64,
    next: VeAddr<Point>,
}

/// Scales.
#[ve_kernel(lib = "libk.so")]
pub(crate) fn scale(
    points: &mut [Point],
    by: *const f64,
    at: VeMemPtr<f64>,
    on_stack: OnStack<f64>,
    n: core::ffi::c_int,
) -> core::ffi::c_int;
