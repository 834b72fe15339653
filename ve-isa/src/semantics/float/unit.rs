//! The operations of a unit for floats.

use crate::encoding::Rounding;
use crate::state::psw::Flags;

/// A unit that computes with floats, given and returned as their bits.
///
/// The unit keeps the exceptions of its operations. A result that is no number is quiet: the first operand that is a NaN, else the NaN of `f64` or
/// `f32` that has the sign and only the first bit of the fraction set. That is the rule of x86-64; the unit of another host may
/// have its own.
pub trait FloatUnit {
    /// Notes exceptions.
    fn raise(&mut self, flags: Flags);

    /// `y + z`
    fn add64(&mut self, y: u64, z: u64) -> u64;
    /// `y - z`
    fn sub64(&mut self, y: u64, z: u64) -> u64;
    /// `y * z`
    fn mul64(&mut self, y: u64, z: u64) -> u64;
    /// `y / z`
    fn div64(&mut self, y: u64, z: u64) -> u64;
    /// `y + z`
    fn add32(&mut self, y: u32, z: u32) -> u32;
    /// `y - z`
    fn sub32(&mut self, y: u32, z: u32) -> u32;
    /// `y * z`
    fn mul32(&mut self, y: u32, z: u32) -> u32;
    /// `y / z`
    fn div32(&mut self, y: u32, z: u32) -> u32;

    /// `y - z`, rounded to nearest, 0 for equal infinities; raises [`Flags::INVALID`] for signaling NaNs, nothing else.
    fn difference64(&mut self, y: u64, z: u64) -> u64;
    /// As [`FloatUnit::difference64`].
    fn difference32(&mut self, y: u32, z: u32) -> u32;

    /// An `f64` as an `f32`.
    fn narrow(&mut self, y: u64) -> u32;
    /// An `f32` as an `f64`, exact.
    fn widen(&mut self, y: u32) -> u64;
    /// An integer as an `f64`.
    fn float64(&mut self, y: i64) -> u64;
    /// An integer as an `f32`.
    fn float32(&mut self, y: i32) -> u32;

    /// An `f64` as an integer; the nearest one, with [`Flags::INVALID`], if it is out of range, 0 for a NaN.
    fn int64(&mut self, y: u64, rounding: Rounding) -> i64;
    /// As [`FloatUnit::int64`], of 32 bits.
    fn int32(&mut self, y: u64, rounding: Rounding) -> i32;
    /// As [`FloatUnit::int64`], of 32 bits, from an `f32`.
    fn int32_of_single(&mut self, y: u32, rounding: Rounding) -> i32;
}
