//! Logic, bits, shifts and moves.
//!
//! A shift takes as many bits of its count as its width needs: 5 for 32 bits, 6 for 64, 7 for the pair.

use super::integer::IntegerOutcome;
use super::{sx, w, zx};

/// `and`
#[inline(always)]
pub const fn and(y: u64, z: u64) -> u64 {
    y & z
}

/// `or`
#[inline(always)]
pub const fn or(y: u64, z: u64) -> u64 {
    y | z
}

/// `xor`
#[inline(always)]
pub const fn xor(y: u64, z: u64) -> u64 {
    y ^ z
}

/// `eqv`: ones where both are equal.
#[inline(always)]
pub const fn eqv(y: u64, z: u64) -> u64 {
    !(y ^ z)
}

/// `nnd`: the bits of `z` that are not in `y`.
#[inline(always)]
pub const fn nnd(y: u64, z: u64) -> u64 {
    !y & z
}

/// `mrg`: `y` where `z` has ones, else what the destination had.
#[inline(always)]
pub const fn mrg(x: u64, y: u64, z: u64) -> u64 {
    (y & z) | (x & !z)
}

/// `ldz`: the number of leading zeros, 64 for 0.
#[inline(always)]
pub const fn ldz(z: u64) -> u64 {
    z.leading_zeros() as u64
}

/// `pcnt`: the number of ones.
#[inline(always)]
pub const fn pcnt(z: u64) -> u64 {
    z.count_ones() as u64
}

/// `brv`: bit i becomes bit 63-i.
#[inline(always)]
pub const fn brv(z: u64) -> u64 {
    z.reverse_bits()
}

/// `bswp`: the bytes in the other order, with `y` 0 all 8 of them, with 1 the 4 of each half.
#[inline(always)]
pub const fn bswp(z: u64, y: u64) -> u64 {
    let all = z.swap_bytes();
    if y & 1 == 0 {
        all
    } else {
        all.rotate_right(32)
    }
}

/// `sll`: to the left.
#[inline(always)]
pub const fn sll(z: u64, y: u64) -> u64 {
    z << (y & 63)
}

/// `srl`: to the right, zeros move in.
#[inline(always)]
pub const fn srl(z: u64, y: u64) -> u64 {
    z >> (y & 63)
}

/// `sla.l`: to the left, as a signed multiplication.
#[inline(always)]
pub const fn sla_l(z: u64, y: u64) -> IntegerOutcome {
    let result = ((z as i64) << (y & 63)) as u64;
    IntegerOutcome::with_overflow(result, sra_l(result, y) != z)
}

/// `sra.l`: to the right, copies of the sign move in.
#[inline(always)]
pub const fn sra_l(z: u64, y: u64) -> u64 {
    ((z as i64) >> (y & 63)) as u64
}

#[inline(always)]
const fn sla_w(z: u64, y: u64) -> (u32, bool) {
    let result = (w(z) as i32) << (y & 31);
    (result as u32, result >> (y & 31) != w(z) as i32)
}

/// `sla.w.sx`: the low half to the left, as a signed multiplication, extended by the sign.
#[inline(always)]
pub const fn sla_w_sx(z: u64, y: u64) -> IntegerOutcome {
    let (result, overflow) = sla_w(z, y);
    IntegerOutcome::with_overflow(sx(result), overflow)
}

/// `sla.w.zx`: as [`sla_w_sx`], extended by zeros.
#[inline(always)]
pub const fn sla_w_zx(z: u64, y: u64) -> IntegerOutcome {
    let (result, overflow) = sla_w(z, y);
    IntegerOutcome::with_overflow(zx(result), overflow)
}

/// `sra.w.sx`: the low half to the right, copies of its sign move in; extended by the sign.
#[inline(always)]
pub const fn sra_w_sx(z: u64, y: u64) -> u64 {
    sx(((w(z) as i32) >> (y & 31)) as u32)
}

/// `sra.w.zx`: as [`sra_w_sx`], extended by zeros.
#[inline(always)]
pub const fn sra_w_zx(z: u64, y: u64) -> u64 {
    zx(((w(z) as i32) >> (y & 31)) as u32)
}

/// `sld`: the upper half of the pair `x:z`, shifted to the left. `x` is the destination.
#[inline(always)]
pub const fn sld(x: u64, z: u64, y: u64) -> u64 {
    ((((x as u128) << 64 | z as u128) << (y & 127)) >> 64) as u64
}

/// `srd`: the lower half of the pair `z:x`, shifted to the right. `x` is the destination.
#[inline(always)]
pub const fn srd(x: u64, z: u64, y: u64) -> u64 {
    (((z as u128) << 64 | x as u128) >> (y & 127)) as u64
}
