//! Plain data: the types whose values travel between host and VE as bytes.

use std::ffi::c_void;
use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::slice;

use veo_abi::{Scalar, StructLayout, Type};

/// A type whose values can be copied between host and VE byte by byte.
///
/// Implemented for the integer types, `f32`, `f64`, arrays of any depth and
/// [`VeAddr`]; `num_complex::Complex` and `half::f16` behind features of their
/// names, and `bytemuck::Pod` types in a `VePod` behind that of its name. Structures get it by `#[derive(VeData)]`.
///
/// # Safety
///
/// Any bytes are a valid value (so no `bool`, `char`, enum or reference inside),
/// and [`TYPE`](Self::TYPE) describes the layout that `Self` has in memory.
/// Padding is allowed: it is copied, never read.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel to the VE as plain data",
    note = "plain data are i8 to i64, u8 to u64, f32, f64, arrays of them, `#[repr(C)]` structures of them with `#[derive(VeData)]`, and `VeAddr<T>` of these, of `c_void` or of a `T` with `#[derive(VeOpaque)]`"
)]
pub unsafe trait VeData: Copy + Send + Sync + 'static {
    /// The C type that a kernel sees.
    const TYPE: Type;

    /// [`TYPE`](Self::TYPE) as the pointee of a pointer in memory: a structure may hold
    /// the address of its own kind, and a description that contains itself cannot be a
    /// constant. Its pointers point to a [`SKETCH`](Self::SKETCH).
    #[doc(hidden)]
    const OUTLINE: Type = Self::SKETCH;

    /// The same for the pointee of such a pointee: of a structure, only the size.
    #[doc(hidden)]
    const SKETCH: Type = Type::Struct(&StructLayout {
        name: "_",
        size: size_of::<Self>(),
        align: align_of::<Self>(),
        location: "",
        fields: &[],
    });

    /// [`TYPE`](Self::TYPE) for `#[derive(VeData)]`, which knows the type of a field only by
    /// the field.
    #[doc(hidden)]
    const FIELD_TYPE: Described<Self> = Described::new(Self::TYPE);

    /// The same with [`OUTLINE`](Self::OUTLINE).
    #[doc(hidden)]
    const FIELD_OUTLINE: Described<Self> = Described::new(Self::OUTLINE);

    /// The number that a value is, or that it begins with, for contracts. No method, whose name
    /// would be one of the user's type.
    #[doc(hidden)]
    const NUMBER: fn(&Self) -> Option<Number> = |_| None;
}

/// A number of the VE that is known on the host.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// An integer of any width, with or without a sign.
    Integer(i128),
    /// An `f32`.
    Single(f32),
    /// An `f64`.
    Double(f64),
}

/// The description of `T`, to be had of plain data only. The place where the description is used
/// decides which `T` it is: that makes it the proof that the type of a field, whatever it is
/// written as, is plain data.
#[doc(hidden)]
#[derive(Debug)]
pub struct Described<T> {
    ty: Type,
    of: PhantomData<fn() -> T>,
}

impl<T> Described<T> {
    const fn new(ty: Type) -> Self {
        Described {
            ty,
            of: PhantomData,
        }
    }

    /// The layout of a field of `S`, which the function takes out of it.
    #[must_use]
    pub const fn in_structure<S>(self, _: fn(S) -> T) -> Type {
        self.ty
    }

    /// The layout of `S`, which has only this field.
    #[must_use]
    pub const fn alone_in<S>(self, _: fn(S) -> T) -> Type {
        assert!(
            size_of::<S>() == size_of::<T>() && align_of::<S>() == align_of::<T>(),
            "the structure is not `#[repr(transparent)]`, as it was for `#[derive(VeData)]`: \
             write the derive below the attribute that changes it"
        );
        self.ty
    }
}

/// The bytes of plain data, to be copied.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Bytes<'a> {
    pub(crate) bytes: &'a [MaybeUninit<u8>],
    /// The alignment of the data.
    pub(crate) align: usize,
}

/// The bytes of plain data, to be overwritten, by this crate only: with initialised
/// bytes, so that they stay valid data.
#[doc(hidden)]
pub struct BytesMut<'a> {
    pub(crate) bytes: &'a mut [MaybeUninit<u8>],
    /// The alignment of the data.
    pub(crate) align: usize,
}

impl<'a> Bytes<'a> {
    pub(crate) fn of<T: VeData>(values: &'a [T]) -> Self {
        // SAFETY: the slice covers exactly the memory of `values`, borrowed for as
        // long; `MaybeUninit<u8>` allows padding bytes and has no alignment.
        let bytes = unsafe { slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) };
        Bytes {
            bytes,
            align: align_of::<T>(),
        }
    }
}

impl<'a> BytesMut<'a> {
    pub(crate) fn of<T: VeData>(values: &'a mut [T]) -> Self {
        let size = size_of_val(values);
        // SAFETY: as in `Bytes::of`, borrowed exclusively. The view can be written by
        // this crate only, which writes initialised bytes, and those are a valid `T`.
        let bytes = unsafe { slice::from_raw_parts_mut(values.as_mut_ptr().cast(), size) };
        BytesMut {
            bytes,
            align: align_of::<T>(),
        }
    }
}

impl fmt::Debug for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes.len())
    }
}

impl fmt::Debug for BytesMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes.len())
    }
}

/// A type that a pointer of a kernel declaration may point to: any [`VeData`], `c_void`, or an opaque handle type
/// that says so itself:
///
/// ```
/// #[derive(veo_core::VeOpaque)]
/// pub struct Plan(());
/// ```
///
/// Values of an opaque type never leave the VE; pointers to it are
/// [`VeMemPtr`](crate::VeMemPtr)s that kernels return.
#[diagnostic::on_unimplemented(
    message = "a kernel's pointer cannot point to `{Self}`",
    note = "write `#[derive(VeData)]` on a `#[repr(C)]` structure of plain data, `#[derive(VeOpaque)]` on a handle that only kernels look into"
)]
pub trait VePointee: 'static {
    /// The C type of the pointee.
    const TYPE: Type;

    /// See [`VeData::OUTLINE`].
    #[doc(hidden)]
    const OUTLINE: Type = Self::TYPE;

    /// See [`VeData::SKETCH`].
    #[doc(hidden)]
    const SKETCH: Type = Self::OUTLINE;
}

#[diagnostic::do_not_recommend]
impl<T: VeData> VePointee for T {
    const TYPE: Type = <T as VeData>::TYPE;
    const OUTLINE: Type = <T as VeData>::OUTLINE;
    const SKETCH: Type = <T as VeData>::SKETCH;
}

#[diagnostic::do_not_recommend]
impl VePointee for c_void {
    const TYPE: Type = Type::Void;
}

macro_rules! pointers {
    ($($ty:ty, $mutable:literal;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: VePointee> VePointee for $ty {
            const TYPE: Type = pointer($mutable, &T::TYPE);
            const OUTLINE: Type = pointer($mutable, &T::OUTLINE);
            const SKETCH: Type = pointer($mutable, &T::SKETCH);
        }
    )*};
}

pointers! {
    *const T, false;
    *mut T, true;
}

const fn pointer(mutable: bool, pointee: &'static Type) -> Type {
    Type::Pointer { mutable, pointee }
}

macro_rules! scalars {
    ($number:ident: $($ty:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        // SAFETY: any bits are a valid number, and the type is its own description.
        unsafe impl VeData for $ty {
            const TYPE: Type = Type::Scalar(<$ty as Scalar>::TYPE);
            const OUTLINE: Type = <Self as VeData>::TYPE;
            const SKETCH: Type = <Self as VeData>::TYPE;
            const NUMBER: fn(&Self) -> Option<Number> = |value| Some(Number::$number(*value as _));
        }
    )*};
}

scalars!(Integer: i8, i16, i32, i64, u8, u16, u32, u64);
scalars!(Single: f32);
scalars!(Double: f64);
#[cfg(target_pointer_width = "64")]
scalars!(Integer: isize, usize);

#[diagnostic::do_not_recommend]
// SAFETY: an array of plain data has no bytes of its own.
unsafe impl<T: VeData, const N: usize> VeData for [T; N] {
    const TYPE: Type = array(&<T as VeData>::TYPE, N);
    const OUTLINE: Type = array(&<T as VeData>::OUTLINE, N);
    const SKETCH: Type = array(&<T as VeData>::SKETCH, N);
    const NUMBER: fn(&Self) -> Option<Number> = |values| values.first().and_then(T::NUMBER);
}

const fn array(element: &'static Type, len: usize) -> Type {
    Type::Array { element, len }
}

/// An address on the VE as a structure or an array holds it: the element of a
/// `T**`, the pointer in a linked list. Plain data; it carries no process. It is
/// compared with the kernel's own pointer; `VeAddr<c_void>` agrees with any.
///
/// [`VeMemPtr::to_ve_addr`](crate::VeMemPtr::to_ve_addr) makes one,
/// [`VeoProc::pointer`](crate::VeoProc::pointer) turns it back.
#[repr(transparent)]
pub struct VeAddr<T> {
    addr: u64,
    pointee: PhantomData<fn() -> T>,
}

impl<T> VeAddr<T> {
    /// The null address.
    pub const NULL: VeAddr<T> = VeAddr::new(0);

    /// The VE address `addr`.
    #[must_use]
    pub const fn new(addr: u64) -> Self {
        VeAddr {
            addr,
            pointee: PhantomData,
        }
    }

    /// The address as a number.
    #[must_use]
    pub const fn addr(self) -> u64 {
        self.addr
    }

    /// Whether this is the null address.
    #[must_use]
    pub const fn is_null(self) -> bool {
        self.addr == 0
    }

    /// The same address with another pointee.
    #[must_use]
    pub const fn cast<U>(self) -> VeAddr<U> {
        VeAddr::new(self.addr)
    }
}

impl<T> Clone for VeAddr<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for VeAddr<T> {}

impl<T> Default for VeAddr<T> {
    fn default() -> Self {
        VeAddr::NULL
    }
}

impl<T> PartialEq for VeAddr<T> {
    fn eq(&self, other: &Self) -> bool {
        self.addr == other.addr
    }
}

impl<T> Eq for VeAddr<T> {}

impl<T> std::hash::Hash for VeAddr<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.addr.hash(state);
    }
}

impl<T> fmt::Debug for VeAddr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VeAddr({:#x})", self.addr)
    }
}

// Each step is one from a constant to another that contains less, so none contains itself.
#[diagnostic::do_not_recommend]
// SAFETY: a transparent u64; any bits are a valid address.
unsafe impl<T: VePointee> VeData for VeAddr<T> {
    const TYPE: Type = pointer(true, &T::OUTLINE);
    const OUTLINE: Type = pointer(true, &T::SKETCH);
    const SKETCH: Type = pointer(true, &T::SKETCH);
}

#[cfg(feature = "num-complex")]
#[diagnostic::do_not_recommend]
// SAFETY: `Complex<T>` is `repr(C)`: two values of T, which is how C lays out a
// complex number.
unsafe impl<T: VeData + Scalar> VeData for num_complex::Complex<T> {
    const TYPE: Type = array(&<T as VeData>::TYPE, 2);
    const OUTLINE: Type = <Self as VeData>::TYPE;
    const SKETCH: Type = <Self as VeData>::TYPE;
}

#[cfg(feature = "half")]
#[diagnostic::do_not_recommend]
// SAFETY: a transparent u16; any bits are a valid number.
unsafe impl VeData for half::f16 {
    const TYPE: Type = Type::Scalar(veo_abi::ScalarType::U16);
    const OUTLINE: Type = <Self as VeData>::TYPE;
    const SKETCH: Type = <Self as VeData>::TYPE;
}

#[cfg(feature = "half")]
#[diagnostic::do_not_recommend]
// SAFETY: a transparent u16; any bits are a valid number.
unsafe impl VeData for half::bf16 {
    const TYPE: Type = Type::Scalar(veo_abi::ScalarType::U16);
    const OUTLINE: Type = <Self as VeData>::TYPE;
    const SKETCH: Type = <Self as VeData>::TYPE;
}
