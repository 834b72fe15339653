//! Comparisons of integers whose result is a number: its sign says which operand is larger.
//!
//! The number is the difference where it fits, else the number nearest to it.

use super::{sx, w, zx};

/// `cmpu.l`: the sign of the unsigned `y - z`.
#[inline(always)]
pub const fn cmpu_l(y: u64, z: u64) -> u64 {
    let difference = y.wrapping_sub(z) as i64;
    if y >= z {
        if difference < 0 {
            i64::MAX as u64
        } else {
            difference as u64
        }
    } else if difference >= 0 {
        i64::MIN as u64
    } else {
        difference as u64
    }
}

/// `cmpu.w`: the sign of the unsigned difference of the low halves, a signed number of 32 bits, extended by its sign.
#[inline(always)]
pub const fn cmpu_w(y: u64, z: u64) -> u64 {
    let difference = w(y) as i64 - w(z) as i64;
    if difference > i32::MAX as i64 {
        i32::MAX as u64
    } else if difference < i32::MIN as i64 {
        i32::MIN as i64 as u64
    } else {
        difference as u64
    }
}

/// `cmps.l`: the sign of the signed `y - z`.
#[inline(always)]
pub const fn cmps_l(y: u64, z: u64) -> u64 {
    (y as i64).saturating_sub(z as i64) as u64
}

/// `cmps.w.sx`: the sign of the signed difference of the low halves, extended by the sign.
#[inline(always)]
pub const fn cmps_w_sx(y: u64, z: u64) -> u64 {
    sx((w(y) as i32).saturating_sub(w(z) as i32) as u32)
}

/// `cmps.w.zx`: as [`cmps_w_sx`], extended by zeros: bit 31 is the sign.
#[inline(always)]
pub const fn cmps_w_zx(y: u64, z: u64) -> u64 {
    zx((w(y) as i32).saturating_sub(w(z) as i32) as u32)
}

/// `maxs.l`: the larger of two signed numbers.
#[inline(always)]
pub const fn maxs_l(y: u64, z: u64) -> u64 {
    if (y as i64) > z as i64 { y } else { z }
}

/// `mins.l`: the smaller of two signed numbers.
#[inline(always)]
pub const fn mins_l(y: u64, z: u64) -> u64 {
    if (y as i64) < z as i64 { y } else { z }
}

#[inline(always)]
const fn maxs_w(y: u64, z: u64) -> u32 {
    if w(y) as i32 > w(z) as i32 {
        w(y)
    } else {
        w(z)
    }
}

#[inline(always)]
const fn mins_w(y: u64, z: u64) -> u32 {
    if (w(y) as i32) < w(z) as i32 {
        w(y)
    } else {
        w(z)
    }
}

/// `maxs.w.sx`: the larger of the low halves, signed, extended by its sign.
#[inline(always)]
pub const fn maxs_w_sx(y: u64, z: u64) -> u64 {
    sx(maxs_w(y, z))
}

/// `maxs.w.zx`: the larger of the low halves, signed, extended by zeros.
#[inline(always)]
pub const fn maxs_w_zx(y: u64, z: u64) -> u64 {
    zx(maxs_w(y, z))
}

/// `mins.w.sx`: the smaller of the low halves, signed, extended by its sign.
#[inline(always)]
pub const fn mins_w_sx(y: u64, z: u64) -> u64 {
    sx(mins_w(y, z))
}

/// `mins.w.zx`: the smaller of the low halves, signed, extended by zeros.
#[inline(always)]
pub const fn mins_w_zx(y: u64, z: u64) -> u64 {
    zx(mins_w(y, z))
}
