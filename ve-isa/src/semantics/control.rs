//! The conditions of branches and conditional moves.
//!
//! A condition is a set of relations, one bit of its code for each. Comparing floats here raises nothing.

use super::{bits, w};
use crate::encoding::ConditionCode;

/// How two numbers are to each other. The values are bits of a [`ConditionCode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Relation {
    /// The first is greater.
    Greater = 1,
    /// The first is less.
    Less = 2,
    /// Both are equal, as 0.0 and -0.0 are.
    Equal = 4,
    /// One of them is no number.
    Unordered = 8,
}

impl ConditionCode {
    /// Whether numbers that are so to each other meet it. Its number has one bit for each relation.
    ///
    /// ```
    /// use ve_isa::encoding::ConditionCode;
    /// use ve_isa::semantics::control::{Relation, relation_d};
    ///
    /// let found = relation_d(1.0f64.to_bits(), 2.0f64.to_bits());
    /// assert!(ConditionCode::LessOrEqual.holds(found));
    /// let found = relation_d(f64::NAN.to_bits(), 2.0f64.to_bits());
    /// assert!(!ConditionCode::LessOrEqual.holds(found));
    /// assert!(!ConditionCode::NotEqual.holds(Relation::Unordered));
    /// ```
    #[must_use]
    #[inline(always)]
    pub const fn holds(self, relation: Relation) -> bool {
        self as u8 & relation as u8 != 0
    }
}

/// How two signed numbers are to each other, for `.l`.
#[inline(always)]
pub const fn relation_l(y: u64, z: u64) -> Relation {
    let (y, z) = (y as i64, z as i64);
    if y == z {
        Relation::Equal
    } else if y < z {
        Relation::Less
    } else {
        Relation::Greater
    }
}

/// How the low halves of both, signed, are to each other, for `.w`.
#[inline(always)]
pub const fn relation_w(y: u64, z: u64) -> Relation {
    relation_l(super::sx(w(y)), super::sx(w(z)))
}

/// How two `f64` are to each other, for `.d`.
#[inline(always)]
pub const fn relation_d(y: u64, z: u64) -> Relation {
    const INFINITY: u64 = f64::INFINITY.to_bits();
    let (absolute_y, absolute_z) = (y & i64::MAX as u64, z & i64::MAX as u64);
    if absolute_y > INFINITY || absolute_z > INFINITY {
        return Relation::Unordered;
    }
    if absolute_y | absolute_z == 0 {
        return Relation::Equal;
    }
    relation_l(in_order(y) as u64, in_order(z) as u64)
}

/// How the `f32` in the upper halves are to each other, for `.s`.
#[inline(always)]
pub const fn relation_s(y: u64, z: u64) -> Relation {
    const INFINITY: u64 = (f32::INFINITY.to_bits() as u64) << 32;
    const UPPER: u64 = 0xffff_ffff_0000_0000;
    let (y, z) = (y & UPPER, z & UPPER);
    let (absolute_y, absolute_z) = (y & i64::MAX as u64, z & i64::MAX as u64);
    if absolute_y > INFINITY || absolute_z > INFINITY {
        return Relation::Unordered;
    }
    if absolute_y | absolute_z == 0 {
        return Relation::Equal;
    }
    relation_l(in_order(y) as u64, in_order(z) as u64)
}

/// A signed number that grows with the float that has these bits.
#[inline(always)]
pub(super) const fn in_order(float: u64) -> i64 {
    (float ^ (bits::sra_l(float, 63) >> 1)) as i64
}

/// `cmov.l`: `z` if `y` compared with 0 meets the condition, else what the destination had.
#[inline(always)]
pub const fn cmov_l(condition: ConditionCode, x: u64, z: u64, y: u64) -> u64 {
    if condition.holds(relation_l(y, 0)) {
        z
    } else {
        x
    }
}

/// `cmov.w`: as [`cmov_l`] for the low half of `y`. All 64 bits of `z` move.
#[inline(always)]
pub const fn cmov_w(condition: ConditionCode, x: u64, z: u64, y: u64) -> u64 {
    if condition.holds(relation_w(y, 0)) {
        z
    } else {
        x
    }
}

/// `cmov.d`: as [`cmov_l`] for an `f64`.
#[inline(always)]
pub const fn cmov_d(condition: ConditionCode, x: u64, z: u64, y: u64) -> u64 {
    if condition.holds(relation_d(y, 0)) {
        z
    } else {
        x
    }
}

/// `cmov.s`: as [`cmov_l`] for the `f32` in the upper half of `y`. All 64 bits of `z` move.
#[inline(always)]
pub const fn cmov_s(condition: ConditionCode, x: u64, z: u64, y: u64) -> u64 {
    if condition.holds(relation_s(y, 0)) {
        z
    } else {
        x
    }
}
