//! Functions of one element or lane: integers, bits, shifts, comparisons.
//!
//! Operations on whole elements that a scalar instruction has, too, are that instruction's. A function of lanes returns the lane
//! and, as bits of [`Flags`], the exceptions. Operands are in the order of the fields: y, z.

use crate::semantics::IntegerOutcome;
use crate::state::psw::Flags;

const OVERFLOW: u32 = Flags::FIXED_OVERFLOW.bits() as u32;

/// Bits of [`Flags`] from the sign of a number.
#[inline(always)]
const fn overflow_of_sign(sign: u32) -> u32 {
    (sign >> 31) * OVERFLOW
}

/// `vadds.l`: the signed sum.
#[inline(always)]
pub const fn adds_l(y: u64, z: u64) -> IntegerOutcome {
    let sum = y.wrapping_add(z);
    IntegerOutcome::with_overflow(sum, ((y ^ sum) & (z ^ sum)) >> 63 != 0)
}

/// `vsubs.l`: the signed difference.
#[inline(always)]
pub const fn subs_l(y: u64, z: u64) -> IntegerOutcome {
    let difference = y.wrapping_sub(z);
    IntegerOutcome::with_overflow(difference, ((y ^ z) & (y ^ difference)) >> 63 != 0)
}

/// The sum.
#[inline(always)]
pub const fn addu([y, z]: [u32; 2]) -> (u32, u32) {
    (y.wrapping_add(z), 0)
}

/// The difference.
#[inline(always)]
pub const fn subu([y, z]: [u32; 2]) -> (u32, u32) {
    (y.wrapping_sub(z), 0)
}

/// The signed sum.
#[inline(always)]
pub const fn adds([y, z]: [u32; 2]) -> (u32, u32) {
    let sum = y.wrapping_add(z);
    (sum, overflow_of_sign((y ^ sum) & (z ^ sum)))
}

/// The signed difference.
#[inline(always)]
pub const fn subs([y, z]: [u32; 2]) -> (u32, u32) {
    let difference = y.wrapping_sub(z);
    (difference, overflow_of_sign((y ^ z) & (y ^ difference)))
}

/// The larger of two signed numbers.
#[inline(always)]
pub const fn maxs([y, z]: [u32; 2]) -> (u32, u32) {
    (if y as i32 > z as i32 { y } else { z }, 0)
}

/// The smaller of two signed numbers.
#[inline(always)]
pub const fn mins([y, z]: [u32; 2]) -> (u32, u32) {
    (if (y as i32) < z as i32 { y } else { z }, 0)
}

/// The signed number nearest to the unsigned difference.
#[inline(always)]
pub const fn cmpu([y, z]: [u32; 2]) -> (u32, u32) {
    // With the upper bits turned round, the order of unsigned numbers is that of signed ones.
    cmps([y ^ 1 << 31, z ^ 1 << 31])
}

/// The signed number nearest to the signed difference.
#[inline(always)]
pub const fn cmps([y, z]: [u32; 2]) -> (u32, u32) {
    ((y as i32).saturating_sub(z as i32) as u32, 0)
}

/// Ones that both have.
#[inline(always)]
pub const fn and([y, z]: [u32; 2]) -> (u32, u32) {
    (y & z, 0)
}

/// Ones that either has.
#[inline(always)]
pub const fn or([y, z]: [u32; 2]) -> (u32, u32) {
    (y | z, 0)
}

/// Ones that one of both has.
#[inline(always)]
pub const fn xor([y, z]: [u32; 2]) -> (u32, u32) {
    (y ^ z, 0)
}

/// Ones where both are equal.
#[inline(always)]
pub const fn eqv([y, z]: [u32; 2]) -> (u32, u32) {
    (!(y ^ z), 0)
}

/// The number of leading zeros.
#[inline(always)]
pub const fn ldz([z]: [u32; 1]) -> (u32, u32) {
    (z.leading_zeros(), 0)
}

/// The number of ones.
#[inline(always)]
pub const fn pcnt([z]: [u32; 1]) -> (u32, u32) {
    (z.count_ones(), 0)
}

/// Bit i becomes bit 31-i.
#[inline(always)]
pub const fn brv([z]: [u32; 1]) -> (u32, u32) {
    (z.reverse_bits(), 0)
}

/// To the left.
#[inline(always)]
pub const fn sll([y, z]: [u32; 2]) -> (u32, u32) {
    (z << (y & 31), 0)
}

/// To the right, zeros move in.
#[inline(always)]
pub const fn srl([y, z]: [u32; 2]) -> (u32, u32) {
    (z >> (y & 31), 0)
}

/// To the left, as a signed multiplication.
#[inline(always)]
pub const fn sla([y, z]: [u32; 2]) -> (u32, u32) {
    let result = (z as i32) << (y & 31);
    let overflow = result >> (y & 31) != z as i32;
    (result as u32, if overflow { OVERFLOW } else { 0 })
}

/// To the right, copies of the sign move in.
#[inline(always)]
pub const fn sra([y, z]: [u32; 2]) -> (u32, u32) {
    ((z as i32 >> (y & 31)) as u32, 0)
}

/// `vsld`: the upper half of the pair `y:z`, shifted to the left. Seven bits of the count are taken, which is a guess.
#[inline(always)]
pub const fn sld(y: u64, z: u64, count: u64) -> u64 {
    ((((y as u128) << 64 | z as u128) << (count & 127)) >> 64) as u64
}

/// `vsrd`: the lower half of the pair `y:z`, shifted to the right. Seven bits of the count are taken, which is a guess.
#[inline(always)]
pub const fn srd(y: u64, z: u64, count: u64) -> u64 {
    (((y as u128) << 64 | z as u128) >> (count & 127)) as u64
}

/// `vsfa`: an element's offset in bytes, and where that is.
#[inline(always)]
pub const fn sfa(element: u64, shift: u64, base: u64) -> u64 {
    (element << (shift & 7)).wrapping_add(base)
}

/// `vshf`: two halves of a pair of elements. Each has a number of two bits, for the upper half of the result in bits 3:2: upper of y, lower of y,
/// upper of z, lower of z.
#[inline(always)]
pub const fn shf(y: u64, z: u64, which: u64) -> u64 {
    const fn half(y: u64, z: u64, which: u64) -> u64 {
        let pair = if which & 2 == 0 { y } else { z };
        if which & 1 == 0 {
            pair >> 32
        } else {
            pair & 0xffff_ffff
        }
    }
    half(y, z, which >> 2) << 32 | half(y, z, which)
}
