//! Addition, subtraction, multiplication and division of integers.
//!
//! Results wrap. The flags of an [`IntegerOutcome`] tell the rest: a division by zero, and a signed result that does not fit. The
//! unsigned operations but division raise nothing.

use super::{sx, w, zx};
use crate::state::psw::Flags;

/// A result, with the exceptions on the way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntegerOutcome {
    /// The new content of the destination.
    pub value: u64,
    /// The exception for `PSW`.
    pub flags: Flags,
}

impl IntegerOutcome {
    /// A result that raises nothing.
    #[inline(always)]
    const fn plain(value: u64) -> Self {
        Self {
            value,
            flags: Flags::empty(),
        }
    }

    #[inline(always)]
    pub(in crate::semantics) const fn with_overflow(value: u64, overflow: bool) -> Self {
        let flags = if overflow {
            Flags::FIXED_OVERFLOW
        } else {
            Flags::empty()
        };
        Self { value, flags }
    }

    const DIVISION_BY_ZERO: Self = Self {
        value: 0,
        flags: Flags::DIVISION,
    };
}

/// `addu.l`: the sum.
#[inline(always)]
pub const fn addu_l(y: u64, z: u64) -> u64 {
    y.wrapping_add(z)
}

/// `addu.w`: the sum of the low halves, extended by zeros.
#[inline(always)]
pub const fn addu_w(y: u64, z: u64) -> u64 {
    zx(w(y).wrapping_add(w(z)))
}

/// `adds.l`: the signed sum.
#[inline(always)]
pub const fn adds_l(y: u64, z: u64) -> IntegerOutcome {
    let (sum, overflow) = (y as i64).overflowing_add(z as i64);
    IntegerOutcome::with_overflow(sum as u64, overflow)
}

/// `adds.w.sx`: the signed sum of the low halves, extended by its sign.
#[inline(always)]
pub const fn adds_w_sx(y: u64, z: u64) -> IntegerOutcome {
    let (sum, overflow) = (w(y) as i32).overflowing_add(w(z) as i32);
    IntegerOutcome::with_overflow(sx(sum as u32), overflow)
}

/// `adds.w.zx`: the signed sum of the low halves, extended by zeros.
#[inline(always)]
pub const fn adds_w_zx(y: u64, z: u64) -> IntegerOutcome {
    let (sum, overflow) = (w(y) as i32).overflowing_add(w(z) as i32);
    IntegerOutcome::with_overflow(zx(sum as u32), overflow)
}

/// `subu.l`: the difference.
#[inline(always)]
pub const fn subu_l(y: u64, z: u64) -> u64 {
    y.wrapping_sub(z)
}

/// `subu.w`: the difference of the low halves, extended by zeros.
#[inline(always)]
pub const fn subu_w(y: u64, z: u64) -> u64 {
    zx(w(y).wrapping_sub(w(z)))
}

/// `subs.l`: the signed difference.
#[inline(always)]
pub const fn subs_l(y: u64, z: u64) -> IntegerOutcome {
    let (difference, overflow) = (y as i64).overflowing_sub(z as i64);
    IntegerOutcome::with_overflow(difference as u64, overflow)
}

/// `subs.w.sx`: the signed difference of the low halves, extended by its sign.
#[inline(always)]
pub const fn subs_w_sx(y: u64, z: u64) -> IntegerOutcome {
    let (difference, overflow) = (w(y) as i32).overflowing_sub(w(z) as i32);
    IntegerOutcome::with_overflow(sx(difference as u32), overflow)
}

/// `subs.w.zx`: the signed difference of the low halves, extended by zeros.
#[inline(always)]
pub const fn subs_w_zx(y: u64, z: u64) -> IntegerOutcome {
    let (difference, overflow) = (w(y) as i32).overflowing_sub(w(z) as i32);
    IntegerOutcome::with_overflow(zx(difference as u32), overflow)
}

/// `mulu.l`: the low 64 bits of the product.
#[inline(always)]
pub const fn mulu_l(y: u64, z: u64) -> u64 {
    y.wrapping_mul(z)
}

/// `mulu.w`: the low 32 bits of the product of the low halves, extended by zeros.
#[inline(always)]
pub const fn mulu_w(y: u64, z: u64) -> u64 {
    zx(w(y).wrapping_mul(w(z)))
}

/// `muls.l`: the low 64 bits of the signed product.
#[inline(always)]
pub const fn muls_l(y: u64, z: u64) -> IntegerOutcome {
    let (product, overflow) = (y as i64).overflowing_mul(z as i64);
    IntegerOutcome::with_overflow(product as u64, overflow)
}

/// `muls.w.sx`: the low 32 bits of the signed product of the low halves, extended by their sign.
#[inline(always)]
pub const fn muls_w_sx(y: u64, z: u64) -> IntegerOutcome {
    let (product, overflow) = (w(y) as i32).overflowing_mul(w(z) as i32);
    IntegerOutcome::with_overflow(sx(product as u32), overflow)
}

/// `muls.w.zx`: the low 32 bits of the signed product of the low halves, extended by zeros.
#[inline(always)]
pub const fn muls_w_zx(y: u64, z: u64) -> IntegerOutcome {
    let (product, overflow) = (w(y) as i32).overflowing_mul(w(z) as i32);
    IntegerOutcome::with_overflow(zx(product as u32), overflow)
}

/// `muls.l.w`: the whole signed product of the low halves.
#[inline(always)]
pub const fn muls_l_w(y: u64, z: u64) -> u64 {
    sx(w(y)).wrapping_mul(sx(w(z)))
}

/// `divu.l`: the quotient; 0 with [`Flags::DIVISION`] if `z` is 0.
#[inline(always)]
pub const fn divu_l(y: u64, z: u64) -> IntegerOutcome {
    match y.checked_div(z) {
        Some(quotient) => IntegerOutcome::plain(quotient),
        None => IntegerOutcome::DIVISION_BY_ZERO,
    }
}

/// `divu.w`: the quotient of the low halves, extended by zeros; 0 with [`Flags::DIVISION`] if the divisor is 0.
#[inline(always)]
pub const fn divu_w(y: u64, z: u64) -> IntegerOutcome {
    match w(y).checked_div(w(z)) {
        Some(quotient) => IntegerOutcome::plain(zx(quotient)),
        None => IntegerOutcome::DIVISION_BY_ZERO,
    }
}

/// `divs.l`: the signed quotient, toward zero; 0 with [`Flags::DIVISION`] if `z` is 0, the least number with
/// [`Flags::FIXED_OVERFLOW`] if that is divided by -1.
#[inline(always)]
pub const fn divs_l(y: u64, z: u64) -> IntegerOutcome {
    if z == 0 {
        return IntegerOutcome::DIVISION_BY_ZERO;
    }
    let (quotient, overflow) = (y as i64).overflowing_div(z as i64);
    IntegerOutcome::with_overflow(quotient as u64, overflow)
}

/// `divs.w.sx`: as [`divs_l`] for the low halves, extended by the sign.
#[inline(always)]
pub const fn divs_w_sx(y: u64, z: u64) -> IntegerOutcome {
    if w(z) == 0 {
        return IntegerOutcome::DIVISION_BY_ZERO;
    }
    let (quotient, overflow) = (w(y) as i32).overflowing_div(w(z) as i32);
    IntegerOutcome::with_overflow(sx(quotient as u32), overflow)
}

/// `divs.w.zx`: as [`divs_l`] for the low halves, extended by zeros.
#[inline(always)]
pub const fn divs_w_zx(y: u64, z: u64) -> IntegerOutcome {
    if w(z) == 0 {
        return IntegerOutcome::DIVISION_BY_ZERO;
    }
    let (quotient, overflow) = (w(y) as i32).overflowing_div(w(z) as i32);
    IntegerOutcome::with_overflow(zx(quotient as u32), overflow)
}
