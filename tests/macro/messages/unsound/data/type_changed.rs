//! An attribute below the derive changes a field that was seen before.
#![forbid(unsafe_code)]
use misleading::becomes;
use veo_core::VeData;

type Number = &'static str;

#[derive(VeData)]
#[becomes(#[derive(Clone, Copy)] #[repr(C)] struct Bad { number: Number })]
#[repr(C)]
struct Bad {
    number: u64,
}

fn main() {}
