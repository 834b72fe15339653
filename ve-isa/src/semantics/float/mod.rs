//! Arithmetic of `f64` (`.d`) and `f32` (`.s`), on one of two units.
//!
//! An operation is a function over a [`FloatUnit`]. [`Host`] is the host's own unit: one machine instruction each, and the exceptions
//! stay in the host's status until somebody asks. It rounds to nearest and cannot trap, so it serves while [`Psw::is_plain`] holds.
//! [`Exact`] computes with integers in any rounding mode and says at once what happened; it is the reference for the other.
//!
//! ```
//! use ve_isa::semantics::float::{Exact, fdiv_d};
//! use ve_isa::state::psw::{Flags, RoundingMode};
//!
//! let mut unit = Exact::new(RoundingMode::Up);
//! let third = f64::from_bits(fdiv_d(&mut unit, 1.0f64.to_bits(), 3.0f64.to_bits()));
//! assert!(third > 1.0 / 3.0);
//! assert_eq!(unit.flags(), Flags::INEXACT);
//! ```
//!
//! [`Psw::is_plain`]: crate::state::psw::Psw::is_plain

mod exact;
mod host;
mod unit;

pub use exact::Exact;
pub use host::Host;
pub use unit::FloatUnit;

use super::control::in_order;
use crate::state::psw::Flags;

/// Which unit computes floats while a thread rounds to nearest and traps nothing. In every other state it is the exact one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FloatMode {
    /// The host's unit.
    #[default]
    Host,
    /// Integers, some 50 times slower.
    Exact,
}

/// The `f32` in the upper half of a register.
#[inline(always)]
pub(super) const fn upper(value: u64) -> u32 {
    (value >> 32) as u32
}

/// A register with an `f32`: the lower half is 0.
#[inline(always)]
pub(super) const fn single(bits: u32) -> u64 {
    (bits as u64) << 32
}

/// `fadd.d`
#[inline(always)]
pub fn fadd_d(unit: &mut impl FloatUnit, y: u64, z: u64) -> u64 {
    unit.add64(y, z)
}

/// `fadd.s`
#[inline(always)]
pub fn fadd_s(unit: &mut impl FloatUnit, y: u64, z: u64) -> u64 {
    single(unit.add32(upper(y), upper(z)))
}

/// `fsub.d`
#[inline(always)]
pub fn fsub_d(unit: &mut impl FloatUnit, y: u64, z: u64) -> u64 {
    unit.sub64(y, z)
}

/// `fsub.s`
#[inline(always)]
pub fn fsub_s(unit: &mut impl FloatUnit, y: u64, z: u64) -> u64 {
    single(unit.sub32(upper(y), upper(z)))
}

/// `fmul.d`
#[inline(always)]
pub fn fmul_d(unit: &mut impl FloatUnit, y: u64, z: u64) -> u64 {
    unit.mul64(y, z)
}

/// `fmul.s`
#[inline(always)]
pub fn fmul_s(unit: &mut impl FloatUnit, y: u64, z: u64) -> u64 {
    single(unit.mul32(upper(y), upper(z)))
}

/// `fdiv.d`
#[inline(always)]
pub fn fdiv_d(unit: &mut impl FloatUnit, y: u64, z: u64) -> u64 {
    unit.div64(y, z)
}

/// `fdiv.s`
#[inline(always)]
pub fn fdiv_s(unit: &mut impl FloatUnit, y: u64, z: u64) -> u64 {
    single(unit.div32(upper(y), upper(z)))
}

/// `fcmp.d`: the difference, rounded to nearest; 0 for equal infinities. Only a signaling NaN raises an exception.
#[inline(always)]
pub fn fcmp_d(unit: &mut impl FloatUnit, y: u64, z: u64) -> u64 {
    unit.difference64(y, z)
}

/// `fcmp.s`: as [`fcmp_d`].
#[inline(always)]
pub fn fcmp_s(unit: &mut impl FloatUnit, y: u64, z: u64) -> u64 {
    single(unit.difference32(upper(y), upper(z)))
}

/// `fmax.d`: the larger operand. A number wins over a NaN, and 0.0 over -0.0.
#[inline(always)]
pub fn fmax_d(unit: &mut impl FloatUnit, y: u64, z: u64) -> u64 {
    extreme::<{ f64::INFINITY.to_bits() }>(unit, y, z, in_order(y) >= in_order(z))
}

/// `fmin.d`: the smaller operand. A number wins over a NaN, and -0.0 over 0.0.
#[inline(always)]
pub fn fmin_d(unit: &mut impl FloatUnit, y: u64, z: u64) -> u64 {
    extreme::<{ f64::INFINITY.to_bits() }>(unit, y, z, in_order(y) <= in_order(z))
}

/// `fmax.s`: as [`fmax_d`].
#[inline(always)]
pub fn fmax_s(unit: &mut impl FloatUnit, y: u64, z: u64) -> u64 {
    let (y, z) = (single(upper(y)), single(upper(z)));
    extreme::<{ single(f32::INFINITY.to_bits()) }>(unit, y, z, in_order(y) >= in_order(z))
}

/// `fmin.s`: as [`fmin_d`].
#[inline(always)]
pub fn fmin_s(unit: &mut impl FloatUnit, y: u64, z: u64) -> u64 {
    let (y, z) = (single(upper(y)), single(upper(z)));
    extreme::<{ single(f32::INFINITY.to_bits()) }>(unit, y, z, in_order(y) <= in_order(z))
}

#[inline(always)]
fn extreme<const INFINITY: u64>(unit: &mut impl FloatUnit, y: u64, z: u64, first: bool) -> u64 {
    if (y << 1) > (INFINITY << 1) || (z << 1) > (INFINITY << 1) {
        return extreme_of_nan::<INFINITY>(unit, y, z);
    }
    if first { y } else { z }
}

#[cold]
fn extreme_of_nan<const INFINITY: u64>(unit: &mut impl FloatUnit, y: u64, z: u64) -> u64 {
    // The exponents are ones down to the lowest of an infinity; the bit below makes a NaN quiet.
    let quiet = (INFINITY & INFINITY.wrapping_neg()) >> 1;
    let is_nan = |value: u64| (value << 1) > (INFINITY << 1);
    let is_signaling = |value: u64| is_nan(value) && value & quiet == 0;
    if is_signaling(y) || is_signaling(z) {
        unit.raise(Flags::INVALID);
    }
    match (is_nan(y), is_nan(z)) {
        (true, true) => y | quiet,
        (true, false) => z,
        _ => y,
    }
}
