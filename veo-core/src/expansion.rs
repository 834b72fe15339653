//! The demands of the expansions of `#[ve_kernel]` and `#[derive(VeData)]` on the user's types.
//!
//! The same as the public traits, which imply these, with two differences. When a type
//! lacks one of them, the compiler names that type and what to write, and no other types
//! that happen to have it. And what a wrong type makes of a stub is a type the compiler
//! knows to be wrong, about which it says nothing more to callers.
//!
//! No promise hangs on them: a program may put traits of its own at their path.

use std::marker::PhantomData;

use veo_abi::Type;

use crate::arg::Arg;
use crate::data::{Bytes, BytesMut, VeData, VePointee};
use crate::param::{FnAddr, KernelResult};

/// A type of plain data, in memory or behind a reference.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel to the VE as plain data",
    note = "plain data are i8 to i64, u8 to u64, f32, f64, arrays of them, `#[repr(C)]` structures of them with `#[derive(VeData)]`, and `VeAddr<T>` of these, of `c_void` or of a `T` with `#[derive(VeOpaque)]`"
)]
pub trait Data: Sized {
    /// The C type that a kernel sees.
    const TYPE: Type;

    /// Asks for the type of a value whether it is such. No function: of the argument of one the
    /// compiler has more to say.
    const ASK: fn(&Self);

    /// Values that a kernel reads through a reference.
    fn input(values: &[Self]) -> Bytes<'_>;

    /// Values that a kernel reads and writes through a reference.
    fn inout(values: &mut [Self]) -> BytesMut<'_>;
}

#[diagnostic::do_not_recommend]
impl<T: VeData> Data for T {
    const TYPE: Type = <T as VeData>::TYPE;
    const ASK: fn(&Self) = |_| {};

    #[inline]
    fn input(values: &[Self]) -> Bytes<'_> {
        Bytes::of(values)
    }

    #[inline]
    fn inout(values: &mut [Self]) -> BytesMut<'_> {
        BytesMut::of(values)
    }
}

/// Values that can be copied, as plain data has to be.
#[diagnostic::on_unimplemented(
    message = "plain data is copied, and `{T}` is not `Copy`: write `#[derive(Clone, Copy, VeData)]`"
)]
pub trait CopyValues<T> {
    /// Whether they are.
    const ARE: bool = true;
}

#[diagnostic::do_not_recommend]
impl<T: Copy> CopyValues<T> for [T] {}

/// `(): If<true>` holds. Where the condition cannot be computed, the compiler says why, and
/// takes for granted what depends on it.
pub trait If<const CONDITION: bool> {}

impl If<true> for () {}

/// A type that a pointer points to.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a kernel's pointer cannot point to `{Self}`",
    note = "write `#[derive(VeData)]` on a `#[repr(C)]` structure of plain data, `#[derive(VeOpaque)]` on a handle that only kernels look into"
)]
pub trait PointedTo {
    /// The C type of the pointee.
    const TYPE: Type;
}

#[diagnostic::do_not_recommend]
impl<T: VePointee> PointedTo for T {
    const TYPE: Type = <T as VePointee>::TYPE;
}

/// A value that can be passed for `*const T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be passed for a kernel parameter declared as `*const {T}`",
    note = "memory on the VE is `&VeBuffer<{T}>`, `VeSlice<{T}>` or `VeMemPtr<{T}>`; data of the host goes with `OnStack::input(&x)`, text with `OnStack::cstr(c\"..\")`; or pass `NULL`"
)]
pub trait ConstArg<'a, T>: Arg<'a, *const T> {}

#[diagnostic::do_not_recommend]
impl<'a, T, A: Arg<'a, *const T>> ConstArg<'a, T> for A {}

/// A value that can be passed for `*mut T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be passed for a kernel parameter declared as `*mut {T}`: pass `&mut VeBuffer<{T}>`, `VeSliceMut<{T}>` or `VeMemPtr<{T}>` for memory on the VE, `OnStack::inout(&mut x)` or `OnStack::output(&mut x)` for data of the host, or `NULL`"
)]
pub trait MutArg<'a, T>: Arg<'a, *mut T> {}

#[diagnostic::do_not_recommend]
impl<'a, T, A: Arg<'a, *mut T>> MutArg<'a, T> for A {}

/// A value that can be passed for `*const c_void`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be passed for a kernel parameter declared as `*const {T}`",
    note = "memory on the VE is `&VeBuffer<T>`, `VeSlice<T>` or `VeMemPtr<T>` of any type; data of the host goes with `OnStack::input(&x)`, if it is plain data: `#[derive(VeData)]` makes a `#[repr(C)]` structure such; or pass `NULL`"
)]
pub trait ConstVoidArg<'a, T>: Arg<'a, *const T> {}

#[diagnostic::do_not_recommend]
impl<'a, T, A: Arg<'a, *const T>> ConstVoidArg<'a, T> for A {}

/// A value that can be passed for `*mut c_void`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be passed for a kernel parameter declared as `*mut {T}`: pass `&mut VeBuffer<T>`, `VeSliceMut<T>` or `VeMemPtr<T>` of any type for memory on the VE, `OnStack::inout(&mut x)` or `OnStack::output(&mut x)` for plain data of the host (`#[derive(VeData)]` makes a `#[repr(C)]` structure such), or `NULL`"
)]
pub trait MutVoidArg<'a, T>: Arg<'a, *mut T> {}

#[diagnostic::do_not_recommend]
impl<'a, T, A: Arg<'a, *mut T>> MutVoidArg<'a, T> for A {}

/// A value that can be passed for `extern "C" fn(..)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be passed for a kernel parameter declared as a function",
    note = "functions of the host mean nothing on the VE: pass a `&VeoFunction` from `lib.find_function(\"name\")`, a `VeMemPtr<c_void>`, or `NULL`"
)]
pub trait FunctionArg<'a>: Arg<'a, FnAddr> {}

#[diagnostic::do_not_recommend]
impl<'a, A: Arg<'a, FnAddr>> FunctionArg<'a> for A {}

/// A value that can be passed for the type of this name. If the type may not be declared, there
/// is no value for `DECLARED`, and the compiler is silent about the callers' arguments.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be passed for a kernel parameter declared as `{P}`",
    note = "for a number pass exactly that type, for a function a `&VeoFunction`; the table at `veo_core::Arg` has what else is accepted for which type"
)]
pub trait NamedArg<'a, P, const DECLARED: bool>: Arg<'a, P> {}

#[diagnostic::do_not_recommend]
impl<'a, P, A: Arg<'a, P>> NamedArg<'a, P, true> for A {}

/// The result of a call if the kernel returns the type of this name. As above, there is no value
/// for `DECLARED` if it cannot.
pub type ValueOf<R, const DECLARED: bool> = <Returned<R, DECLARED> as Returns>::Value;

/// A type as the result of a kernel.
#[derive(Debug)]
pub struct Returned<R, const DECLARED: bool>(PhantomData<R>);

/// See [`ValueOf`].
pub trait Returns {
    /// The result of a call.
    type Value;
}

#[diagnostic::do_not_recommend]
impl<R: KernelResult> Returns for Returned<R, true> {
    type Value = R::Value;
}

/// The type of a kernel whose declaration is wrong. `WHY` is a `compile_error!`, so this is a
/// type the compiler knows to be wrong: it is silent about every use of the kernel.
pub trait Wrong<const WHY: bool> {
    /// A kernel that is called with anything and gives anything.
    type Kernel;
}
