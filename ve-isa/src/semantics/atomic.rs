//! The effect of atomic operations on a word of memory or a communication register.
//!
//! Each takes the old content and gives the new one, so that whoever owns the memory can try again until nobody else was faster.
//! `None` is an operation whose meaning is not known. `ts2am` and `ts3am` are not known at all.

use super::{w, zx};

/// `ts1am.l`: byte k of memory becomes byte k of `x` if bit k of `y` is 1.
#[inline(always)]
pub const fn ts1am_l(memory: u64, x: u64, y: u64) -> u64 {
    // One bit for each byte, then the byte full of it.
    let mut mask = 0u64;
    let mut k = 0;
    while k < 8 {
        mask |= ((y >> k) & 1) << (8 * k);
        k += 1;
    }
    let mask = mask.wrapping_mul(0xff);
    (memory & !mask) | (x & mask)
}

/// `ts1am.w`: as [`ts1am_l`] for 4 bytes. The register gets what memory had, extended by zeros.
#[inline(always)]
pub const fn ts1am_w(memory: u32, x: u64, y: u64) -> u32 {
    w(ts1am_l(zx(memory), x, y & 15))
}

/// `atmam`: memory and `x`, joined by `and` (`y` is 0), `or` (1) or addition (2).
#[inline(always)]
pub const fn atmam(memory: u64, x: u64, y: u64) -> Option<u64> {
    match y {
        0 => Some(memory & x),
        1 => Some(memory | x),
        2 => Some(memory.wrapping_add(x)),
        _ => None,
    }
}

/// `tscr`: the new value of the communication register: `x` and bit 63, unless that bit was 1 already.
#[inline(always)]
pub const fn tscr(register: u64, x: u64) -> u64 {
    const LOCKED: u64 = 1 << 63;
    if register & LOCKED == 0 {
        x | LOCKED
    } else {
        register
    }
}

/// `fidcr`: the new value of the communication register.
///
/// `n` 0 adds 1, 1 takes 1 away, 2 and 3 do the same unless it is 0. 4 is a barrier: the low half counts down, and at 0 bit 63 turns
/// over and the count starts again from bits 62:32.
#[inline(always)]
pub const fn fidcr(register: u64, n: u64) -> Option<u64> {
    match n {
        0 => Some(register.wrapping_add(1)),
        1 => Some(register.wrapping_sub(1)),
        2 if register == 0 => Some(0),
        2 => Some(register.wrapping_add(1)),
        3 => Some(register.saturating_sub(1)),
        4 => {
            let upper = register & 0xffff_ffff_0000_0000;
            let count = w(register).wrapping_sub(1);
            if count == 0 {
                Some((upper ^ (1 << 63)) | ((upper >> 32) & 0x7fff_ffff))
            } else {
                Some(upper | zx(count))
            }
        }
        _ => None,
    }
}
