//! The type of a field depends on the type parameter.
#![forbid(unsafe_code)]
use veo_core::VeData;

trait Other {
    type Of: Copy + Send + Sync + 'static;
}

impl Other for f64 {
    type Of = &'static str;
}

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Bad<T: Other> {
    number: T,
    other: T::Of,
}

fn main() {}
