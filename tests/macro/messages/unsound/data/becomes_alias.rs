//! An attribute below the derive makes the name that of another structure.
#![forbid(unsafe_code)]
use misleading::becomes;
use veo_core::VeData;

type Number = bool;

#[derive(Clone, Copy)]
#[repr(C)]
struct Other {
    number: Number,
}

#[derive(VeData)]
#[becomes(type Bad = Other;)]
#[repr(C)]
struct Bad {
    number: u64,
}

fn main() {}
