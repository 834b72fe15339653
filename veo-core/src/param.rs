//! The types of a kernel declaration: parameter types and result types.

use veo_abi::{Scalar, Type, Word};

use crate::address::VeMemPtr;
use crate::data::{VeData, VePointee};
use crate::stack::OnStack;

/// A type that a parameter of a kernel may be declared with.
#[diagnostic::on_unimplemented(
    message = "a kernel parameter cannot be declared as `{Self}`",
    note = "for a structure with `#[derive(VeData)]` write `&T`, `&mut T` or `*mut T`; for an enum its integer type; for a bool `u8`"
)]
pub trait Param {
    /// Its description in the kernel's signature.
    const TYPE: Type;

    /// For expansions of `#[ve_kernel]`, which ask for it.
    #[doc(hidden)]
    const DECLARED: bool = true;
}

/// A type that a kernel may be declared to return.
#[diagnostic::on_unimplemented(
    message = "a kernel cannot return `{Self}`",
    note = "declare a number, a pointer (`*mut T` becomes a `VeMemPtr<T>`) or nothing, and a parameter for the rest: `out: &mut {Self}`"
)]
pub trait KernelResult {
    /// The result of a call: the declared type, for pointers `VeMemPtr<T>`.
    type Value;

    /// Its description in the kernel's signature.
    const TYPE: Type;

    /// For expansions of `#[ve_kernel]`, which ask for it.
    #[doc(hidden)]
    const DECLARED: bool = true;

    /// The value of a result word.
    #[doc(hidden)]
    fn value(word: Word, origin: Origin) -> Self::Value;
}

/// The address of a function on the VE, as the type of a parameter: the one that any
/// `extern "C" fn(..)` in a declaration stands for. Calls pass a `&VeoFunction`, a
/// [`VeMemPtr<c_void>`](VeMemPtr) or [`NULL`](crate::NULL).
#[derive(Debug)]
pub struct FnAddr(());

/// A function of C as a type: [`FnAddr`], and aliases of function pointers.
pub trait CFunction {}

/// Gives a macro each type of function pointers: `[R, A] extern "C" fn(A) -> R`.
macro_rules! each_function {
    ($with:ident) => {
        each_function!(@from $with A B C D E F G H I J K L);
    };
    (@from $with:ident) => {
        each_function!(@of $with);
    };
    (@from $with:ident $first:ident $($rest:ident)*) => {
        each_function!(@of $with $first $($rest)*);
        each_function!(@from $with $($rest)*);
    };
    (@of $with:ident $($param:ident)*) => {
        $with!([R $(, $param)*] extern "C" fn($($param),*) -> R);
        $with!([R $(, $param)*] unsafe extern "C" fn($($param),*) -> R);
        $with!([R $(, $param)*] Option<extern "C" fn($($param),*) -> R>);
        $with!([R $(, $param)*] Option<unsafe extern "C" fn($($param),*) -> R>);
    };
}
pub(crate) use each_function;

macro_rules! function {
    ([R $(, $param:ident)*] $ty:ty) => {
        impl<R, $($param),*> CFunction for $ty {}

        #[diagnostic::do_not_recommend]
        impl<R, $($param),*> Param for $ty {
            // Its type is unknown but for the number of parameters.
            const TYPE: Type = pointer(false, &Type::Function {
                params: &[$(function!(@any $param)),*],
                result: &Type::Opaque("?"),
            });
        }
    };
    (@any $param:ident) => {
        Type::Opaque("?")
    };
}

impl CFunction for FnAddr {}

#[diagnostic::do_not_recommend]
impl Param for FnAddr {
    const TYPE: Type = pointer(false, &Type::Void);
}

each_function!(function);

/// The origin of a result, so that a pointer can carry its process.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Origin(pub(crate) crate::session::ProcId);

macro_rules! scalars {
    ($($ty:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl Param for $ty {
            const TYPE: Type = Type::Scalar(<$ty as Scalar>::TYPE);
        }

        #[diagnostic::do_not_recommend]
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

#[diagnostic::do_not_recommend]
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
        #[diagnostic::do_not_recommend]
        impl<T: VePointee> Param for $ty {
            const TYPE: Type = pointer($mutable, &T::TYPE);
        }

        #[diagnostic::do_not_recommend]
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
        #[diagnostic::do_not_recommend]
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
