//! A module has our trait, and everything else of its own.
#![forbid(unsafe_code)]
use veo_core::VeData;

mod mixed {
    pub use veo_core::VeData;

    pub mod __private {
        pub use veo_core::__private::{abi, line};

        pub trait If<const CONDITION: bool> {}
        impl<const CONDITION: bool, T: ?Sized> If<CONDITION> for T {}

        pub trait CopyValues<T> {
            const ARE: bool = true;
        }
        impl<T, U: ?Sized> CopyValues<T> for U {}

        pub trait Data: Sized {
            const TYPE: abi::Type = abi::Type::Void;
            const OUTLINE: abi::Type = abi::Type::Void;
            const ASK: fn(&Self) = |_| {};
        }
        impl<T> Data for T {}
    }
}

type Flag = bool;

#[derive(Clone, Copy, VeData)]
#[ve_data(crate = mixed)]
#[repr(C)]
struct Bad {
    flag: Flag,
}

fn main() {}
