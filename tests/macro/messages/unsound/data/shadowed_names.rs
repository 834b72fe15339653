//! A function, a constant and a parameter of the names that an expansion uses.
#![forbid(unsafe_code)]
#![allow(dead_code)]

const FIELD_TYPE: u64 = 1;

fn in_structure() {}

type Text = &'static str;

#[derive(Clone, Copy, veo_core::VeData)]
#[repr(C)]
struct Bad<VeData: Copy> {
    text: Text,
    number: VeData,
}

fn main() {}
