//! Conversions between integers and floats, and between `f64` and `f32`. Those of quad precision are in [`quad`](super::quad).
//!
//! A float out of an integer's range becomes the nearest integer, a NaN 0, both with [`Flags::INVALID`](crate::state::psw::Flags::INVALID).

use super::float::{FloatUnit, single, upper};
use super::{sx, w, zx};
use crate::encoding::Rounding;

/// `cvt.w.d.sx`: an `f64` as a signed integer of 32 bits, extended by the sign.
#[inline(always)]
pub fn cvt_w_d_sx(unit: &mut impl FloatUnit, y: u64, rounding: Rounding) -> u64 {
    sx(unit.int32(y, rounding) as u32)
}

/// `cvt.w.d.zx`: an `f64` as a signed integer of 32 bits, extended by zeros.
#[inline(always)]
pub fn cvt_w_d_zx(unit: &mut impl FloatUnit, y: u64, rounding: Rounding) -> u64 {
    zx(unit.int32(y, rounding) as u32)
}

/// `cvt.w.s.sx`: an `f32` as a signed integer of 32 bits, extended by the sign.
#[inline(always)]
pub fn cvt_w_s_sx(unit: &mut impl FloatUnit, y: u64, rounding: Rounding) -> u64 {
    sx(unit.int32_of_single(upper(y), rounding) as u32)
}

/// `cvt.w.s.zx`: an `f32` as a signed integer of 32 bits, extended by zeros.
#[inline(always)]
pub fn cvt_w_s_zx(unit: &mut impl FloatUnit, y: u64, rounding: Rounding) -> u64 {
    zx(unit.int32_of_single(upper(y), rounding) as u32)
}

/// `cvt.l.d`: an `f64` as a signed integer of 64 bits.
#[inline(always)]
pub fn cvt_l_d(unit: &mut impl FloatUnit, y: u64, rounding: Rounding) -> u64 {
    unit.int64(y, rounding) as u64
}

/// `cvt.d.w`: the signed integer in the low half as an `f64`, exact.
#[inline(always)]
pub fn cvt_d_w(y: u64) -> u64 {
    f64::from(w(y) as i32).to_bits()
}

/// `cvt.s.w`: the signed integer in the low half as an `f32`.
#[inline(always)]
pub fn cvt_s_w(unit: &mut impl FloatUnit, y: u64) -> u64 {
    single(unit.float32(w(y) as i32))
}

/// `cvt.d.l`: a signed integer of 64 bits as an `f64`.
#[inline(always)]
pub fn cvt_d_l(unit: &mut impl FloatUnit, y: u64) -> u64 {
    unit.float64(y as i64)
}

/// `cvt.d.s`: an `f32` as an `f64`, exact.
#[inline(always)]
pub fn cvt_d_s(unit: &mut impl FloatUnit, y: u64) -> u64 {
    unit.widen(upper(y))
}

/// `cvt.s.d`: an `f64` as an `f32`.
#[inline(always)]
pub fn cvt_s_d(unit: &mut impl FloatUnit, y: u64) -> u64 {
    single(unit.narrow(y))
}
