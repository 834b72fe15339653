//! Quad precision: IEEE 754 binary128, always computed with integers.
//!
//! A quad number is in a pair of registers, the high half in the even one; here it is a `u128`.

use std::cmp::Ordering;

use super::float::{Exact, FloatUnit, single, upper};
use crate::state::psw::Flags;

/// The number in a pair of registers: `even` has the high half.
#[inline(always)]
pub const fn from_pair(even: u64, odd: u64) -> u128 {
    (even as u128) << 64 | odd as u128
}

/// The words of a number for the even and the odd register.
#[inline(always)]
pub const fn to_pair(value: u128) -> (u64, u64) {
    ((value >> 64) as u64, value as u64)
}

/// `fadd.q`
pub fn fadd_q(unit: &mut Exact, y: u128, z: u128) -> u128 {
    unit.add128(y, z)
}

/// `fsub.q`
pub fn fsub_q(unit: &mut Exact, y: u128, z: u128) -> u128 {
    unit.sub128(y, z)
}

/// `fmul.q`
pub fn fmul_q(unit: &mut Exact, y: u128, z: u128) -> u128 {
    unit.mul128(y, z)
}

/// `fcmp.q`: an `f64` with the sign of `y - z`, which is -1, 0 or 1; a NaN, with [`Flags::INVALID`], if one of both is a NaN.
pub fn fcmp_q(unit: &mut Exact, y: u128, z: u128) -> u64 {
    let sign = match unit.order128(y, z) {
        Some(Ordering::Less) => -1.0,
        Some(Ordering::Equal) => 0.0,
        Some(Ordering::Greater) => 1.0,
        None => {
            unit.raise(Flags::INVALID);
            f64::NAN
        }
    };
    sign.to_bits()
}

/// `cvt.d.q`: as an `f64`.
pub fn cvt_d_q(unit: &mut Exact, y: u128) -> u64 {
    unit.narrow128_to_64(y)
}

/// `cvt.s.q`: as an `f32`.
pub fn cvt_s_q(unit: &mut Exact, y: u128) -> u64 {
    single(unit.narrow128_to_32(y))
}

/// `cvt.q.d`: from an `f64`, exact.
pub fn cvt_q_d(unit: &mut Exact, y: u64) -> u128 {
    unit.widen64_to_128(y)
}

/// `cvt.q.s`: from an `f32`, exact.
pub fn cvt_q_s(unit: &mut Exact, y: u64) -> u128 {
    unit.widen32_to_128(upper(y))
}
