//! An attribute below the derive makes a union of a structure.
#![forbid(unsafe_code)]
use misleading::becomes;
use veo_core::VeData;

#[derive(VeData)]
#[becomes(#[derive(Clone, Copy)] #[repr(C)] union Bad { number: u64 })]
#[repr(C)]
struct Bad {
    number: u64,
}

fn main() {}
