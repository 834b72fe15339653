//! An attribute below the derive adds a field.
#![forbid(unsafe_code)]
use misleading::becomes;
use veo_core::VeData;

#[derive(VeData)]
#[becomes(#[derive(Clone, Copy)] #[repr(C)] struct Bad { number: u64, text: &'static str })]
#[repr(C)]
struct Bad {
    number: u64,
}

fn main() {}
