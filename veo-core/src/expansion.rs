//! What expansions of `#[ve_kernel]` and `#[derive(VeData)]` ask of the user's types.
//!
//! The same as [`VeData`] and [`VePointee`], which imply it, with one difference: when
//! a type lacks it, the compiler names that type and what to do, and no other types
//! that happen to have it.

use veo_abi::Type;

use crate::data::{Bytes, BytesMut, VeData, VePointee};

/// A type of plain data, in memory or behind a reference.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel to the VE as plain data",
    label = "not plain data",
    note = "plain data are i8 to i64, u8 to u64, f32, f64, arrays of them, and `#[repr(C)]` structures with `#[derive(VeData)]`"
)]
pub trait Data: Sized {
    /// The C type that a kernel sees.
    const TYPE: Type;

    /// Values that a kernel reads through a reference.
    fn input(values: &[Self]) -> Bytes<'_>;

    /// Values that a kernel reads and writes through a reference.
    fn inout(values: &mut [Self]) -> BytesMut<'_>;
}

#[diagnostic::do_not_recommend]
impl<T: VeData> Data for T {
    const TYPE: Type = <T as VeData>::TYPE;

    #[inline]
    fn input(values: &[Self]) -> Bytes<'_> {
        Bytes::of(values)
    }

    #[inline]
    fn inout(values: &mut [Self]) -> BytesMut<'_> {
        BytesMut::of(values)
    }
}

/// What a pointer points to.
#[diagnostic::on_unimplemented(
    message = "a kernel's pointer cannot point to `{Self}`",
    label = "neither plain data nor an opaque handle",
    note = "write `#[derive(VeData)]` on a `#[repr(C)]` structure of plain data, `#[derive(VeOpaque)]` on a handle that only kernels look into"
)]
pub trait Pointee {
    /// The C type of the pointee.
    const TYPE: Type;
}

#[diagnostic::do_not_recommend]
impl<T: VePointee> Pointee for T {
    const TYPE: Type = <T as VePointee>::TYPE;
}
