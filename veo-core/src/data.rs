//! Plain data: the types whose values travel between host and VE as bytes.

use std::ffi::c_void;
use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::slice;

use veo_abi::{Scalar, Type};

/// A type whose values can be copied between host and VE byte by byte.
///
/// Implemented for the integer types, `f32`, `f64`, arrays of any depth and
/// [`VeAddr`]; `num_complex::Complex` and `half::f16` behind features of their
/// names. Structures get it by `#[derive(VeData)]`.
///
/// # Safety
///
/// Any bytes are a valid value (so no `bool`, `char`, enum or reference inside),
/// and [`TYPE`](Self::TYPE) describes the layout that `Self` has in memory.
/// Padding is allowed: it is copied, never read.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel to the VE as plain data",
    note = "plain data are i8 to i64, u8 to u64, f32, f64, arrays of them, and `#[repr(C)]` structures with `#[derive(VeData)]`"
)]
pub unsafe trait VeData: Copy + Send + Sync + 'static {
    /// The C type that a kernel sees.
    const TYPE: Type;
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

/// What a pointer of a kernel declaration may point to: any [`VeData`], `c_void`,
/// or an opaque handle type that says so itself:
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
}

#[diagnostic::do_not_recommend]
impl<T: VeData> VePointee for T {
    const TYPE: Type = <T as VeData>::TYPE;
}

#[diagnostic::do_not_recommend]
impl VePointee for c_void {
    const TYPE: Type = Type::Void;
}

#[diagnostic::do_not_recommend]
impl<T: VePointee> VePointee for *const T {
    const TYPE: Type = Type::Pointer {
        mutable: false,
        pointee: &T::TYPE,
    };
}

#[diagnostic::do_not_recommend]
impl<T: VePointee> VePointee for *mut T {
    const TYPE: Type = Type::Pointer {
        mutable: true,
        pointee: &T::TYPE,
    };
}

macro_rules! scalars {
    ($($ty:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        // SAFETY: any bits are a valid number, and the type is its own description.
        unsafe impl VeData for $ty {
            const TYPE: Type = Type::Scalar(<$ty as Scalar>::TYPE);
        }
    )*};
}

scalars!(i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);
#[cfg(target_pointer_width = "64")]
scalars!(isize, usize);

#[diagnostic::do_not_recommend]
// SAFETY: an array of plain data has no bytes of its own.
unsafe impl<T: VeData, const N: usize> VeData for [T; N] {
    const TYPE: Type = Type::Array {
        element: &<T as VeData>::TYPE,
        len: N,
    };
}

/// An address on the VE as a structure or an array holds it: the element of a
/// `T**`, the pointer in a linked list. Plain data; it carries no process.
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

// The pointee is not named: a structure may hold the address of its own kind, and
// a description that contains itself cannot be a constant.
#[diagnostic::do_not_recommend]
// SAFETY: a transparent u64; any bits are a valid address.
unsafe impl<T: 'static> VeData for VeAddr<T> {
    const TYPE: Type = Type::Pointer {
        mutable: true,
        pointee: &Type::Void,
    };
}

#[cfg(feature = "num-complex")]
#[diagnostic::do_not_recommend]
// SAFETY: `Complex<T>` is `repr(C)`: two values of T, which is how C lays out a
// complex number.
unsafe impl<T: VeData + Scalar> VeData for num_complex::Complex<T> {
    const TYPE: Type = Type::Array {
        element: &<T as VeData>::TYPE,
        len: 2,
    };
}

#[cfg(feature = "half")]
#[diagnostic::do_not_recommend]
// SAFETY: a transparent u16; any bits are a valid number.
unsafe impl VeData for half::f16 {
    const TYPE: Type = Type::Scalar(veo_abi::ScalarType::U16);
}

#[cfg(feature = "half")]
#[diagnostic::do_not_recommend]
// SAFETY: a transparent u16; any bits are a valid number.
unsafe impl VeData for half::bf16 {
    const TYPE: Type = Type::Scalar(veo_abi::ScalarType::U16);
}
