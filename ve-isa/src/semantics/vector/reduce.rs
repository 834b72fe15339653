//! All elements to one.
//!
//! The result goes to the first element of the destination, all others stay. Where nothing takes part, sums are 0, and so are `vror`
//! and `vrxor`; `vrand` is all ones; a maximum or minimum leaves the destination. Floats are added in order of their elements.
//! Whether and where the Vector Engine delivers the place of a maximum is not known: here it does not.

use super::{Active, Registers};

/// All elements that take part to one: the first as it is, then `f` of what there is and the next one.
#[inline(always)]
pub fn reduce(
    v: &Registers,
    y: usize,
    active: &Active,
    f: impl FnMut(u64, u64) -> u64,
) -> Option<u64> {
    active.indices().map(|index| v[y % 64][index]).reduce(f)
}

/// `vsum.l`, wrapping.
#[must_use]
pub fn sum_l(v: &Registers, y: usize, active: &Active) -> u64 {
    reduce(v, y, active, u64::wrapping_add).unwrap_or(0)
}

/// `vsum.w` of the lower halves, wrapping.
#[must_use]
pub fn sum_w(v: &Registers, y: usize, active: &Active) -> u32 {
    sum_l(v, y, active) as u32
}

/// `vrand`
#[must_use]
pub fn and(v: &Registers, y: usize, active: &Active) -> u64 {
    reduce(v, y, active, |a, b| a & b).unwrap_or(u64::MAX)
}

/// `vror`
#[must_use]
pub fn or(v: &Registers, y: usize, active: &Active) -> u64 {
    reduce(v, y, active, |a, b| a | b).unwrap_or(0)
}

/// `vrxor`
#[must_use]
pub fn xor(v: &Registers, y: usize, active: &Active) -> u64 {
    reduce(v, y, active, |a, b| a ^ b).unwrap_or(0)
}
