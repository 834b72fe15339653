//! Host data that travels with a call: copied onto the stack of the kernel, and
//! back when it has finished.

use std::ffi::CStr;
use std::fmt;
use std::marker::PhantomData;
use std::mem::{MaybeUninit, size_of_val};
use std::slice;

use crate::data::VeData;

/// Host data passed by reference: the kernel gets the address of a copy on its stack.
///
/// - [`OnStack::input`]: the kernel reads it. Copied when the call is made.
/// - [`OnStack::inout`]: the kernel reads and writes it. Copied back by `wait`.
/// - [`OnStack::output`]: the kernel writes it. Copied back by `wait`; what the
///   kernel sees in it at first is unspecified.
/// - [`OnStack::cstr`]: a C string that the kernel reads.
///
/// A value, an array, or a slice can be passed, for a parameter that points to its
/// type; nested arrays also for one that points to their elements. The copy is
/// aligned to 8 bytes. All stack data of one call together are at most 63 MB;
/// larger data belong in a [`VeBuffer`](crate::VeBuffer).
///
/// If a request with `inout` or `output` data is dropped or forgotten, or fails,
/// the borrowed place keeps its old contents.
///
/// As the type of a parameter in a declaration, `OnStack<T>` is a pointer to `T`
/// for which only an `OnStack` value can be given.
pub struct OnStack<V>(V);

/// What an [`OnStack::input`] holds.
pub struct Input<'a, T: ?Sized> {
    bytes: &'a [MaybeUninit<u8>],
    of: PhantomData<fn() -> *const T>,
}

/// What an [`OnStack::output`] holds.
pub struct Output<'a, T: ?Sized> {
    bytes: sealed::BytesMut<'a>,
    of: PhantomData<fn() -> *const T>,
}

/// What an [`OnStack::inout`] holds.
pub struct InOut<'a, T: ?Sized> {
    bytes: sealed::BytesMut<'a>,
    of: PhantomData<fn() -> *const T>,
}

/// The bytes behind a stack argument. Input is borrowed for the making of the
/// call (`'c`), what is written back until the request is done with (`'a`).
pub(crate) enum StackData<'c, 'a> {
    In(&'c [MaybeUninit<u8>]),
    /// Invariant: only initialised bytes are ever written here; it is a view of
    /// values for which any initialised bytes are valid.
    Out(&'a mut [MaybeUninit<u8>]),
    /// Invariant: as for `Out`.
    InOut(&'a mut [MaybeUninit<u8>]),
}

impl StackData<'_, '_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            StackData::In(bytes) => bytes.len(),
            StackData::Out(bytes) | StackData::InOut(bytes) => bytes.len(),
        }
    }
}

/// What an [`OnStack`] can hold: plain data and slices of it.
pub trait StackValue: sealed::Sealed {
    #[doc(hidden)]
    const ALIGN: usize;

    #[doc(hidden)]
    fn bytes(&self) -> &[MaybeUninit<u8>];

    #[doc(hidden)]
    fn bytes_mut(&mut self) -> sealed::BytesMut<'_>;
}

pub(crate) mod sealed {
    use std::mem::MaybeUninit;

    pub trait Sealed {}

    /// Keeps the writable view out of the reach of safe code elsewhere.
    pub struct BytesMut<'a>(pub(crate) &'a mut [MaybeUninit<u8>]);

    impl std::fmt::Debug for BytesMut<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "BytesMut({})", self.0.len())
        }
    }
}

impl<T: VeData> sealed::Sealed for T {}
impl<T: VeData> sealed::Sealed for [T] {}

pub(crate) fn bytes_of<T: VeData>(values: &[T]) -> &[MaybeUninit<u8>] {
    // SAFETY: the slice covers exactly the memory of `values`, borrowed for as long;
    // `MaybeUninit<u8>` allows padding bytes and has no alignment.
    unsafe { slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}

/// The caller writes initialised bytes only; `VeData` then makes any value valid.
pub(crate) fn bytes_of_mut<T: VeData>(values: &mut [T]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: as in `bytes_of`, borrowed exclusively. The view stays inside this
    // crate, which keeps the invariant of `StackData` that only initialised bytes
    // are written, and those are a valid `T`.
    unsafe { slice::from_raw_parts_mut(values.as_mut_ptr().cast(), size_of_val(values)) }
}

impl<T: VeData> StackValue for T {
    const ALIGN: usize = align_of::<T>();

    fn bytes(&self) -> &[MaybeUninit<u8>] {
        bytes_of(slice::from_ref(self))
    }

    fn bytes_mut(&mut self) -> sealed::BytesMut<'_> {
        sealed::BytesMut(bytes_of_mut(slice::from_mut(self)))
    }
}

impl<T: VeData> StackValue for [T] {
    const ALIGN: usize = align_of::<T>();

    fn bytes(&self) -> &[MaybeUninit<u8>] {
        bytes_of(self)
    }

    fn bytes_mut(&mut self) -> sealed::BytesMut<'_> {
        sealed::BytesMut(bytes_of_mut(self))
    }
}

impl<'a, T: StackValue + ?Sized> OnStack<Input<'a, T>> {
    /// Data that the kernel reads. They are copied when the call is made.
    #[must_use]
    pub fn input(value: &'a T) -> Self {
        OnStack(Input {
            bytes: value.bytes(),
            of: PhantomData,
        })
    }
}

impl<'a, T: StackValue + ?Sized> OnStack<InOut<'a, T>> {
    /// Data that the kernel reads and writes. `wait` copies them back.
    #[must_use]
    pub fn inout(value: &'a mut T) -> Self {
        OnStack(InOut {
            bytes: value.bytes_mut(),
            of: PhantomData,
        })
    }
}

impl<'a, T: StackValue + ?Sized> OnStack<Output<'a, T>> {
    /// Data that the kernel writes. `wait` copies them back.
    #[must_use]
    pub fn output(value: &'a mut T) -> Self {
        OnStack(Output {
            bytes: value.bytes_mut(),
            of: PhantomData,
        })
    }
}

impl<'a> OnStack<Input<'a, CStr>> {
    /// A C string that the kernel reads, for a parameter that is a pointer to
    /// `c_char`, `i8`, `u8` or `c_void`: `OnStack::cstr(c"text")`.
    #[must_use]
    pub fn cstr(text: &'a CStr) -> Self {
        OnStack(Input {
            bytes: bytes_of(text.to_bytes_with_nul()),
            of: PhantomData,
        })
    }
}

impl<'b, T: ?Sized> OnStack<Input<'b, T>> {
    pub(crate) fn into_data<'a>(self) -> StackData<'b, 'a> {
        StackData::In(self.0.bytes)
    }
}

impl<'a, T: ?Sized> OnStack<Output<'a, T>> {
    pub(crate) fn into_data<'c>(self) -> StackData<'c, 'a> {
        StackData::Out(self.0.bytes.0)
    }
}

impl<'a, T: ?Sized> OnStack<InOut<'a, T>> {
    pub(crate) fn into_data<'c>(self) -> StackData<'c, 'a> {
        StackData::InOut(self.0.bytes.0)
    }
}

impl<V: fmt::Debug> fmt::Debug for OnStack<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OnStack::{:?}", self.0)
    }
}

impl<T: ?Sized> fmt::Debug for Input<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "input({} bytes)", self.bytes.len())
    }
}

impl<T: ?Sized> fmt::Debug for Output<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "output({} bytes)", self.bytes.0.len())
    }
}

impl<T: ?Sized> fmt::Debug for InOut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inout({} bytes)", self.bytes.0.len())
    }
}
