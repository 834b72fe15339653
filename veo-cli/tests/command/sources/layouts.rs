//! Declarations that agree with layouts.c.

use num_complex::Complex;
use veo_core::{VeAddr, VeData, ve_kernel};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
pub struct Inner {
    pub a: i8,
    pub b: i32,
}

type Parts = [Inner; 3];

#[derive(Clone, Copy, VeData)]
#[repr(C)]
pub struct Outer {
    pub head: i16,
    pub parts: Parts,
    pub tail: f64,
}

#[derive(Clone, Copy, VeData)]
#[repr(C, packed)]
pub struct Tight {
    pub a: i8,
    pub b: f64,
    pub c: i16,
}

#[derive(Clone, Copy, VeData)]
#[repr(C, align(32))]
pub struct Wide {
    pub x: [f32; 3],
}

#[derive(Clone, Copy, VeData)]
#[repr(C)]
pub struct List {
    pub next: VeAddr<List>,
    pub item: VeAddr<Outer>,
    pub value: Complex<f64>,
}

#[derive(Clone, Copy, VeData)]
#[repr(transparent)]
pub struct Handle(pub u64);

#[ve_kernel(lib = "liblayouts.so")]
unsafe extern "C" {
    pub safe fn nested(p: *mut Outer, q: *mut Inner);
    pub safe fn packed(p: *mut Tight);
    pub safe fn aligned(p: *mut Wide);
    pub safe fn linked(p: *mut List);
    pub safe fn wrapped(p: *mut Handle);
    pub safe fn matrix(p: *mut [f64; 4], q: *mut VeAddr<f32>);
}
