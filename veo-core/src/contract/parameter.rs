//! The properties of a parameter that clauses need, by its declared type.

use std::ffi::c_void;
use std::marker::PhantomData;

use veo_abi::Type;

use super::value::{ClauseFailure, ContractValue, Float, Integer, Proof, Raw, Truth};
use crate::address::VeMemPtr;
use crate::arg::Arg;
use crate::data::{Number, VeData};
use crate::known::{ArgPlace, Known};
use crate::param::{FnAddr, each_function};
use crate::stack::OnStack;

/// The known facts about the argument for a parameter declared as `P`.
#[derive(Debug)]
pub struct SeenArgument<P: ?Sized> {
    pub(super) known: Known,
    /// Whether the contract is about its number.
    pub(super) counts: bool,
    declared: PhantomData<fn(&P)>,
}

/// Looks at an argument, before it is taken. `counts` says whether the contract is about its number.
#[inline]
#[must_use]
pub fn look<'a, P: ?Sized, A: Arg<'a, P>>(arg: &A, counts: bool) -> SeenArgument<P> {
    SeenArgument {
        known: arg.known(),
        counts,
        declared: PhantomData,
    }
}

/// A proof that a parameter declared as `P` has a value of kind `K`. Only this module makes one.
#[derive(Clone, Copy, Debug)]
pub struct ParameterValue<P: ?Sized, K>(PhantomData<fn(&P)>, PhantomData<K>);

/// A proof that a parameter declared as `P` is an address.
#[derive(Clone, Copy, Debug)]
pub struct AddressOf<P: ?Sized>(PhantomData<fn(&P)>);

/// How many bytes an element of a parameter declared as `P` has.
#[derive(Clone, Copy, Debug)]
pub struct Elements<P: ?Sized> {
    pub(super) size: usize,
    of: PhantomData<fn(&P)>,
}

/// A parameter that counts with its value: a number, or a reference or pointer to one.
#[diagnostic::on_unimplemented(
    message = "a parameter declared as `{Self}` has no value in a contract",
    label = "no number",
    note = "values have numbers, and references and pointers to a number; of memory write `.len()`, `.is_null()` or `.is_aligned(8)`"
)]
pub trait Valued {
    /// The kind of its value.
    type Kind;

    /// For expansions.
    const VALUE: ParameterValue<Self, Self::Kind>;
}

/// A number of the VE.
pub trait OfNumber {
    /// Its type in a contract.
    type Kind;
}

macro_rules! numbers {
    ($($kind:ident: $($ty:ty),*;)*) => {$($(
        impl OfNumber for $ty {
            type Kind = $kind;
        }

        #[diagnostic::do_not_recommend]
        impl Valued for $ty {
            type Kind = $kind;
            const VALUE: ParameterValue<$ty, $kind> = ParameterValue(PhantomData, PhantomData);
        }
    )*)*};
}

numbers! {
    Integer: i8, i16, i32, i64, u8, u16, u32, u64, isize, usize;
    Float: f32, f64;
}

macro_rules! values_behind {
    ($($ty:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: OfNumber> Valued for $ty {
            type Kind = T::Kind;
            const VALUE: ParameterValue<Self, T::Kind> = ParameterValue(PhantomData, PhantomData);
        }
    )*};
}

values_behind!(&T, &mut T, *const T, *mut T, OnStack<T>);

/// A parameter that is an address.
#[diagnostic::on_unimplemented(
    message = "a parameter declared as `{Self}` is no address, which a contract asks for here",
    label = "no address",
    note = "`is_null`, `is_aligned` and `disjoint` are for pointers, references and functions"
)]
pub trait Address {
    /// For expansions.
    const IS: AddressOf<Self>;
}

macro_rules! addresses {
    ($([$($generics:tt)*] $ty:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Address for $ty {
            const IS: AddressOf<Self> = AddressOf(PhantomData);
        }
    )*};
}

addresses! {
    [T: ?Sized] &T;
    [T: ?Sized] &mut T;
    [T] *const T;
    [T] *mut T;
    [T] OnStack<T>;
    [T] VeMemPtr<T>;
    [] FnAddr;
}

macro_rules! function {
    ([$($param:ident),*] $ty:ty) => {
        addresses!([$($param),*] $ty;);
    };
}

// The function pointer types behind aliases.
each_function!(function);

/// A parameter that has elements.
#[diagnostic::on_unimplemented(
    message = "a parameter declared as `{Self}` has no length, which a contract asks for here",
    label = "no length",
    note = "`len` is for pointers and references to plain data, and in bytes for `*mut c_void`; a number is written without `.len()`"
)]
pub trait Memory {
    /// For expansions.
    const ELEMENTS: Elements<Self>;
}

/// The types that a pointer to elements may point to.
pub trait Element {
    /// How many bytes it has.
    const SIZE: usize;
}

impl<T: VeData> Element for T {
    const SIZE: usize = size_of::<T>();
}

impl Element for c_void {
    const SIZE: usize = 1;
}

impl<T> Element for *const T {
    const SIZE: usize = size_of::<u64>();
}

impl<T> Element for *mut T {
    const SIZE: usize = size_of::<u64>();
}

macro_rules! memory {
    ($([$($generics:tt)*] $ty:ty: $size:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Memory for $ty {
            const ELEMENTS: Elements<Self> = Elements {
                size: $size,
                of: PhantomData,
            };
        }
    )*};
}

memory! {
    [T: Element] *const T: T::SIZE;
    [T: Element] *mut T: T::SIZE;
    [T: VeData] VeMemPtr<T>: size_of::<T>();
    [T: VeData] OnStack<T>: size_of::<T>();
    [T: VeData] &[T]: size_of::<T>();
    [T: VeData] &mut [T]: size_of::<T>();
    [T: VeData] &T: inside::<T>();
    [T: VeData] &mut T: inside::<T>();
}

/// A reference to an array has the length that Rust gives it.
const fn inside<T: VeData>() -> usize {
    match <T as VeData>::TYPE {
        Type::Array { len, .. } if len > 0 => size_of::<T>() / len,
        _ => size_of::<T>(),
    }
}

/// The value of a parameter.
#[inline]
#[must_use]
pub fn value<P: ?Sized, K>(of: &SeenArgument<P>, _: ParameterValue<P, K>) -> ContractValue<K> {
    ContractValue::new(match of.known.number {
        None => Raw::Unknown,
        Some(Number::Integer(value)) => Raw::Integer(value),
        Some(Number::Single(value)) => Raw::Float(value.into()),
        Some(Number::Double(value)) => Raw::Float(value),
    })
}

/// How many elements a parameter has.
#[inline]
#[must_use]
pub fn len<P: ?Sized>(of: &SeenArgument<P>, elements: Elements<P>) -> ContractValue<Integer> {
    ContractValue::new(match length(of.known, elements.size) {
        None => Raw::Unknown,
        Some(len) => Raw::Integer(len as i128),
    })
}

/// How many elements of this size there are. Any number of those without a size.
#[inline]
pub(super) fn length(known: Known, size: usize) -> Option<usize> {
    known.bytes?.checked_div(size)
}

/// Whether a parameter is the null address.
#[inline]
#[must_use]
pub fn is_null<P: ?Sized>(of: &SeenArgument<P>, _: AddressOf<P>) -> ContractValue<Truth> {
    ContractValue::new(match of.known.place {
        ArgPlace::Unknown => Raw::Unknown,
        ArgPlace::Ve(addr, _) => Raw::Truth(addr == 0),
        ArgPlace::Stack => Raw::Truth(false),
    })
}

/// Whether the address of a parameter is a multiple of `n` bytes.
#[inline]
#[must_use]
pub fn is_aligned<P: ?Sized, N>(
    of: &SeenArgument<P>,
    _: AddressOf<P>,
    n: ContractValue<N>,
    _: Proof<N>,
) -> ContractValue<Truth> {
    let raw = match (n.raw, of.known.place) {
        (Raw::Integer(n), _) if n < 1 => Raw::Failed(ClauseFailure::Alignment),
        (Raw::Integer(n), ArgPlace::Ve(addr, _)) => Raw::Truth(i128::from(addr) % n == 0),
        // The kernel's stack is aligned to 8. More alignment is chance.
        (Raw::Integer(n), ArgPlace::Stack) if 8 % n == 0 => Raw::Truth(true),
        (Raw::Failed(failure), _) => Raw::Failed(failure),
        _ => Raw::Unknown,
    };
    ContractValue::new(raw)
}

/// Whether two parameters have no byte in common.
#[inline]
#[must_use]
pub fn disjoint<P: ?Sized, Q: ?Sized>(
    a: &SeenArgument<P>,
    _: AddressOf<P>,
    b: &SeenArgument<Q>,
    _: AddressOf<Q>,
) -> ContractValue<Truth> {
    let (a, b) = (a.known, b.known);
    let raw = match (a.place, b.place, a.bytes, b.bytes) {
        (_, _, Some(0), _) | (_, _, _, Some(0)) => Raw::Truth(true),
        // Each has a place of its own there.
        (ArgPlace::Stack, ..) | (_, ArgPlace::Stack, ..) => Raw::Truth(true),
        (ArgPlace::Ve(a, of), ArgPlace::Ve(b, other), Some(a_len), Some(b_len)) if of == other => {
            let end = |start: u64, len: usize| u128::from(start) + len as u128;
            Raw::Truth(end(a, a_len) <= b.into() || end(b, b_len) <= a.into())
        }
        _ => Raw::Unknown,
    };
    ContractValue::new(raw)
}

/// Whether the length of a parameter is known; where the contract is about its number, whether that is.
#[inline]
#[must_use]
pub fn is_known<P: ?Sized>(of: &SeenArgument<P>) -> ContractValue<Truth> {
    ContractValue::new(Raw::Truth(if of.counts {
        of.known.number.is_some()
    } else {
        of.known.bytes.is_some()
    }))
}
