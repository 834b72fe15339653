//! The name that an expansion gives a field's value is that of a unit structure, which as a
//! pattern matches references to it. It is plain data, as another crate may say of its own.
use veo_core::VeData;

#[derive(Clone, Copy)]
#[allow(non_camel_case_types)]
struct __field;

// SAFETY: there are no bytes.
unsafe impl VeData for __field {
    const TYPE: veo_core::abi::Type = veo_core::abi::Type::Void;
}

type Reference = &'static __field;

/// Says of everything that it is plain data.
mod mixes {
    pub use veo_core::VeData;

    pub mod __private {
        pub use veo_core::__private::*;

        pub trait Data {
            const ASK: fn(&Self);
        }

        impl<T> Data for T {
            const ASK: fn(&Self) = |_| {};
        }
    }
}

#[derive(Clone, Copy, VeData)]
#[ve_data(crate = mixes)]
#[repr(C)]
struct Bad {
    unit: Reference,
}

fn main() {}
