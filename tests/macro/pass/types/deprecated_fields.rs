//! Structures with what is not to be used any more.
use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Old {
    x: f64,
    #[deprecated]
    y: f64,
}

#[derive(Clone, Copy, VeData)]
#[deprecated]
#[repr(C)]
struct Older(i32, f64);
