//! A crate that calls itself `veo_core` has a trait of its own where ours was asked.
#![forbid(unsafe_code)]
extern crate self as veo_core;
extern crate veo_core as real;

pub use real::VeData;

pub mod __private {
    pub use real::__private::{CopyValues, If, abi, line};

    pub trait Data: Sized {
        const TYPE: abi::Type = abi::Type::Void;
        const OUTLINE: abi::Type = abi::Type::Void;
        const ASK: fn(&Self) = |_| {};
    }

    impl<T> Data for T {}
}

type Text = &'static str;

#[derive(Clone, Copy, real::VeData)]
#[repr(C)]
struct Bad {
    text: Text,
    length: u64,
}

fn main() {}
