//! The type of a field is another one whenever it is looked at.
#![forbid(unsafe_code)]
use misleading::in_turn;
use veo_core::VeData;

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Bad {
    text: in_turn!([u64; 2]; &'static str; [u64; 2]; [u64; 2]; &'static str; [u64; 2]),
}

fn main() {
    let _ = Bad { text: "stored" };
}
