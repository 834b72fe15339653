//! Host data that travels with a call: copied onto the stack of the kernel, and
//! back when it has finished.

use std::ffi::CStr;
use std::fmt;
use std::mem::MaybeUninit;
use std::slice;

use crate::data::{Bytes, BytesMut, Number, VeData};
use crate::known::Known;

/// Host data passed by reference: the kernel gets the address of a copy on its stack.
///
/// - [`OnStack::input`]: the kernel reads it. Copied when the call is made.
/// - [`OnStack::inout`]: the kernel reads and writes it. Copied back by `wait`.
/// - [`OnStack::output`]: the kernel writes it. Copied back by `wait`; what the
///   kernel sees in it at first is unspecified.
/// - [`OnStack::cstr`]: a C string that the kernel reads.
///
/// ```no_run
/// use veo_core::{OnStack, VeoProc, ve_kernel};
///
/// /// The least and the greatest of `n` values.
/// #[ve_kernel(lib = "libstats.so")]
/// fn range(x: *const f64, n: i64, least: *mut f64, greatest: *mut f64);
///
/// # fn main() -> veo_core::Result<()> {
/// let ctx = VeoProc::new(0)?.open_context()?;
/// let (mut least, mut greatest) = (0.0, 0.0);
/// range(
///     &ctx,
///     OnStack::input(&[3.0, 1.0, 2.0]),
///     3,
///     OnStack::output(&mut least),
///     OnStack::output(&mut greatest),
/// )?
/// .wait()?; // they are written now
/// println!("{least} to {greatest}");
/// # Ok(())
/// # }
/// ```
///
/// A value, an array, a slice or a `Vec` can be passed, for a parameter that points to its
/// type; nested arrays also for one that points to their elements. The copy is
/// aligned to 8 bytes. All stack data of one call together are at most 63 MiB;
/// larger data belong in a [`VeBuffer`](crate::VeBuffer).
///
/// If a request with `inout` or `output` data is dropped or forgotten, or fails,
/// the borrowed place keeps its old contents.
///
/// As the type of a parameter in a declaration, `OnStack<T>` is a pointer to `T` for which only
/// an `OnStack` value can be given.
pub struct OnStack<V>(V);

/// The data of an [`OnStack::input`].
pub struct Input<'a, T: ?Sized>(&'a T);

/// The data of an [`OnStack::output`].
pub struct Output<'a, T: ?Sized>(&'a mut T);

/// The data of an [`OnStack::inout`].
pub struct InOut<'a, T: ?Sized>(&'a mut T);

/// The bytes behind a stack argument. Input is borrowed for the making of the
/// call (`'c`), what is written back until the request is done with (`'a`).
pub(crate) enum StackData<'c, 'a> {
    In(&'c [MaybeUninit<u8>]),
    /// Invariant: only initialised bytes are ever written here; it is a view of
    /// values for which any initialised bytes are valid.
    Out(&'a mut [MaybeUninit<u8>]),
    /// Invariant: as for `Out`.
    InOut(&'a mut [MaybeUninit<u8>]),
    /// Empty: the call was made, and the request has the place of its output.
    Spent,
}

impl StackData<'_, '_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            StackData::In(bytes) => bytes.len(),
            StackData::Out(bytes) | StackData::InOut(bytes) => bytes.len(),
            StackData::Spent => 0,
        }
    }
}

/// A value that an [`OnStack`] can pass: plain data, slices and vectors of it.
pub trait StackValue: sealed::Sealed {
    #[doc(hidden)]
    fn bytes(&self) -> Bytes<'_>;

    #[doc(hidden)]
    fn bytes_mut(&mut self) -> BytesMut<'_>;

    /// The number that it begins with.
    #[doc(hidden)]
    fn number(&self) -> Option<Number>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! values {
    ($($ty:ty, |$value:ident| $as_slice:expr, $as_mut:expr;)*) => {$(
        impl<T: VeData> sealed::Sealed for $ty {}

        impl<T: VeData> StackValue for $ty {
            fn bytes(&self) -> Bytes<'_> {
                let $value = self;
                Bytes::of($as_slice)
            }

            fn bytes_mut(&mut self) -> BytesMut<'_> {
                let $value = self;
                BytesMut::of($as_mut)
            }

            #[inline]
            fn number(&self) -> Option<Number> {
                let $value = self;
                $as_slice.first().and_then(T::NUMBER)
            }
        }
    )*};
}

values! {
    T, |value| slice::from_ref(value), slice::from_mut(value);
    [T], |values| values, values;
    Vec<T>, |values| values, values;
}

// The bound on the value is checked where the call is made, so that a wrong value is one error.
impl<'a, T: ?Sized> OnStack<Input<'a, T>> {
    /// Data that the kernel reads: plain data, a slice or a `Vec` of it. They are copied when
    /// the call is made.
    #[must_use]
    pub fn input(value: &'a T) -> Self {
        OnStack(Input(value))
    }
}

impl<'a, T: ?Sized> OnStack<InOut<'a, T>> {
    /// Data that the kernel reads and writes: plain data, a slice or a `Vec` of it. `wait`
    /// copies them back.
    #[must_use]
    pub fn inout(value: &'a mut T) -> Self {
        OnStack(InOut(value))
    }
}

impl<'a, T: ?Sized> OnStack<Output<'a, T>> {
    /// Data that the kernel writes: plain data, a slice or a `Vec` of it. `wait` copies them
    /// back.
    #[must_use]
    pub fn output(value: &'a mut T) -> Self {
        OnStack(Output(value))
    }
}

impl<'a> OnStack<Input<'a, CStr>> {
    /// A C string that the kernel reads, for a parameter that is a pointer to
    /// `c_char`, `i8`, `u8` or `c_void`: `OnStack::cstr(c"text")`.
    #[must_use]
    pub fn cstr(text: &'a CStr) -> Self {
        OnStack(Input(text))
    }
}

impl<'b, T: StackValue + ?Sized> OnStack<Input<'b, T>> {
    pub(crate) fn into_data<'a>(self) -> (StackData<'b, 'a>, usize) {
        let bytes = self.0.0.bytes();
        (StackData::In(bytes.bytes), bytes.align)
    }
}

impl<'a, T: StackValue + ?Sized> OnStack<Output<'a, T>> {
    pub(crate) fn into_data<'c>(self) -> (StackData<'c, 'a>, usize) {
        let bytes = self.0.0.bytes_mut();
        (StackData::Out(bytes.bytes), bytes.align)
    }
}

impl<'a, T: StackValue + ?Sized> OnStack<InOut<'a, T>> {
    pub(crate) fn into_data<'c>(self) -> (StackData<'c, 'a>, usize) {
        let bytes = self.0.0.bytes_mut();
        (StackData::InOut(bytes.bytes), bytes.align)
    }
}

/// The facts about them that are known before the call. The values of data that the kernel writes
/// are not known.
macro_rules! known {
    ($($direction:ident: $number:expr;)*) => {$(
        impl<T: StackValue + ?Sized> OnStack<$direction<'_, T>> {
            #[inline]
            pub(crate) fn known(&self) -> Known {
                let number: fn(&T) -> Option<Number> = $number;
                Known::on_stack(self.0.0.bytes().bytes.len(), number(&self.0.0))
            }
        }
    )*};
}

known! {
    Input: T::number;
    InOut: T::number;
    Output: |_| None;
}

impl OnStack<Input<'_, CStr>> {
    pub(crate) fn known_text(&self) -> Known {
        Known::on_stack(self.0.0.to_bytes_with_nul().len(), None)
    }
}

impl<'b> OnStack<Input<'b, CStr>> {
    pub(crate) fn into_text<'a>(self) -> (StackData<'b, 'a>, usize) {
        let bytes = Bytes::of(self.0.0.to_bytes_with_nul());
        (StackData::In(bytes.bytes), bytes.align)
    }
}

impl<V: fmt::Debug> fmt::Debug for OnStack<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OnStack::{:?}", self.0)
    }
}

impl<T: StackValue + ?Sized> fmt::Debug for Input<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "input({} bytes)", self.0.bytes().bytes.len())
    }
}

impl fmt::Debug for Input<'_, CStr> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "input({} bytes)", self.0.count_bytes() + 1)
    }
}

impl<T: StackValue + ?Sized> fmt::Debug for Output<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "output({} bytes)", self.0.bytes().bytes.len())
    }
}

impl<T: StackValue + ?Sized> fmt::Debug for InOut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inout({} bytes)", self.0.bytes().bytes.len())
    }
}
