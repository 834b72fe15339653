//! Host data that travels with a call: copied onto the stack of the kernel, and
//! back when it has finished.

use std::ffi::CStr;
use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::slice;

use crate::data::{Bytes, BytesMut, VeData};

/// Host data passed by reference: the kernel gets the address of a copy on its stack.
///
/// - [`OnStack::input`]: the kernel reads it. Copied when the call is made.
/// - [`OnStack::inout`]: the kernel reads and writes it. Copied back by `wait`.
/// - [`OnStack::output`]: the kernel writes it. Copied back by `wait`; what the
///   kernel sees in it at first is unspecified.
/// - [`OnStack::cstr`]: a C string that the kernel reads.
///
/// A value, an array, a slice or a `Vec` can be passed, for a parameter that points to its
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
    bytes: Bytes<'a>,
    of: PhantomData<fn() -> *const T>,
}

/// What an [`OnStack::output`] holds.
pub struct Output<'a, T: ?Sized> {
    bytes: BytesMut<'a>,
    of: PhantomData<fn() -> *const T>,
}

/// What an [`OnStack::inout`] holds.
pub struct InOut<'a, T: ?Sized> {
    bytes: BytesMut<'a>,
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

/// What an [`OnStack`] can hold: plain data, slices and vectors of it.
pub trait StackValue: sealed::Sealed {
    #[doc(hidden)]
    const ALIGN: usize;

    #[doc(hidden)]
    fn bytes(&self) -> Bytes<'_>;

    #[doc(hidden)]
    fn bytes_mut(&mut self) -> BytesMut<'_>;
}

mod sealed {
    pub trait Sealed {}
}

impl<T: VeData> sealed::Sealed for T {}
impl<T: VeData> sealed::Sealed for [T] {}
impl<T: VeData> sealed::Sealed for Vec<T> {}

impl<T: VeData> StackValue for T {
    const ALIGN: usize = align_of::<T>();

    fn bytes(&self) -> Bytes<'_> {
        Bytes::of(slice::from_ref(self))
    }

    fn bytes_mut(&mut self) -> BytesMut<'_> {
        BytesMut::of(slice::from_mut(self))
    }
}

impl<T: VeData> StackValue for [T] {
    const ALIGN: usize = align_of::<T>();

    fn bytes(&self) -> Bytes<'_> {
        Bytes::of(self)
    }

    fn bytes_mut(&mut self) -> BytesMut<'_> {
        BytesMut::of(self)
    }
}

impl<T: VeData> StackValue for Vec<T> {
    const ALIGN: usize = align_of::<T>();

    fn bytes(&self) -> Bytes<'_> {
        Bytes::of(self)
    }

    fn bytes_mut(&mut self) -> BytesMut<'_> {
        BytesMut::of(self)
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
            bytes: Bytes::of(text.to_bytes_with_nul()),
            of: PhantomData,
        })
    }
}

impl<'b, T: ?Sized> OnStack<Input<'b, T>> {
    pub(crate) fn into_data<'a>(self) -> StackData<'b, 'a> {
        StackData::In(self.0.bytes.bytes)
    }
}

impl<'a, T: ?Sized> OnStack<Output<'a, T>> {
    pub(crate) fn into_data<'c>(self) -> StackData<'c, 'a> {
        StackData::Out(self.0.bytes.bytes)
    }
}

impl<'a, T: ?Sized> OnStack<InOut<'a, T>> {
    pub(crate) fn into_data<'c>(self) -> StackData<'c, 'a> {
        StackData::InOut(self.0.bytes.bytes)
    }
}

impl<V: fmt::Debug> fmt::Debug for OnStack<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OnStack::{:?}", self.0)
    }
}

impl<T: ?Sized> fmt::Debug for Input<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "input({} bytes)", self.bytes.bytes.len())
    }
}

impl<T: ?Sized> fmt::Debug for Output<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "output({} bytes)", self.bytes.bytes.len())
    }
}

impl<T: ?Sized> fmt::Debug for InOut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inout({} bytes)", self.bytes.bytes.len())
    }
}
