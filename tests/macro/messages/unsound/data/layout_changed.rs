//! An attribute below the derive takes away that a structure is its only field.
#![forbid(unsafe_code)]
use misleading::becomes;
use veo_core::VeData;

#[derive(VeData)]
#[becomes(#[derive(Clone, Copy)] #[repr(C, align(64))] struct Bad { number: u64 })]
#[repr(transparent)]
struct Bad {
    number: u64,
}

const _: veo_core::abi::Type = Bad::TYPE;

fn main() {}
