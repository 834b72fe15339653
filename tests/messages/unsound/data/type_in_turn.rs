//! The type of a field is another one whenever it is looked at.
#![forbid(unsafe_code)]
use hostile::in_turn;
use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Bad {
    text: in_turn!(&'static str; &'static str; [u64; 2]),
}

fn main() {}
