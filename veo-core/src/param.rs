//! What may stand in a kernel declaration: parameter types and result types.

use veo_abi::{Scalar, Type, Word};

use crate::data::{VeData, VePointee};
use crate::memory::VeMemPtr;
use crate::stack::OnStack;

/// A type that a parameter of a kernel may be declared with.
#[diagnostic::on_unimplemented(
    message = "a kernel parameter cannot be declared as `{Self}`",
    label = "not a parameter type",
    note = "numbers: i8 to i64, u8 to u64, isize, usize, f32, f64",
    note = "memory on the VE: `*const T`, `*mut T`; data that travels with the call: `&T`, `&[T]`, `&mut T`, `&mut [T]`",
    note = "a structure goes by reference: derive `VeData` and declare `&{Self}` or `*mut {Self}`"
)]
pub trait Param {
    /// Its description in the kernel's signature.
    const TYPE: Type;
}

/// A type that a kernel may be declared to return.
#[diagnostic::on_unimplemented(
    message = "a kernel cannot return `{Self}`",
    label = "not a result type",
    note = "a result is a number (i8 to i64, u8 to u64, f32, f64), a pointer (`*mut T`, which becomes `VeMemPtr<T>`), or nothing",
    note = "a larger result goes through a parameter: `out: &mut {Self}`"
)]
pub trait KernelResult {
    /// What a call gives: the declared type, for pointers `VeMemPtr<T>`.
    type Value;

    /// Its description in the kernel's signature.
    const TYPE: Type;

    /// The value of a result word.
    #[doc(hidden)]
    fn value(word: Word, origin: Origin) -> Self::Value;
}

/// How the address of a function on the VE is declared: any `extern "C" fn(..)`
/// type in a declaration stands for it.
#[doc(hidden)]
#[derive(Debug)]
pub struct FnAddr(());

impl Param for FnAddr {
    const TYPE: Type = pointer(false, &Type::Void);
}

/// Where a result comes from, so that a pointer can carry its process.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Origin(pub(crate) crate::process::ProcId);

macro_rules! scalars {
    ($($ty:ty),*) => {$(
        impl Param for $ty {
            const TYPE: Type = Type::Scalar(<$ty as Scalar>::TYPE);
        }

        impl KernelResult for $ty {
            type Value = $ty;
            const TYPE: Type = Type::Scalar(<$ty as Scalar>::TYPE);

            fn value(word: Word, _: Origin) -> $ty {
                Scalar::from_word(word)
            }
        }
    )*};
}

scalars!(i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);
#[cfg(target_pointer_width = "64")]
scalars!(isize, usize);

impl KernelResult for () {
    type Value = ();
    const TYPE: Type = Type::Void;

    fn value(_: Word, _: Origin) {}
}

const fn pointer(mutable: bool, pointee: &'static Type) -> Type {
    Type::Pointer { mutable, pointee }
}

macro_rules! pointers {
    ($($ty:ty, $mutable:literal;)*) => {$(
        impl<T: VePointee> Param for $ty {
            const TYPE: Type = pointer($mutable, &T::TYPE);
        }

        impl<T: VePointee> KernelResult for $ty {
            type Value = VeMemPtr<T>;
            const TYPE: Type = pointer($mutable, &T::TYPE);

            fn value(word: Word, origin: Origin) -> VeMemPtr<T> {
                VeMemPtr::from_kernel(word.0, origin.0)
            }
        }
    )*};
}

pointers! {
    *const T, false;
    *mut T, true;
    VeMemPtr<T>, true;
}

macro_rules! references {
    ($($ty:ty, $mutable:literal;)*) => {$(
        impl<T: VeData> Param for $ty {
            const TYPE: Type = pointer($mutable, &<T as VeData>::TYPE);
        }
    )*};
}

references! {
    &T, false;
    &[T], false;
    &mut T, true;
    &mut [T], true;
    OnStack<T>, true;
}
