//! Addresses, and the way of a value between a register and memory.
//!
//! Nothing here touches memory: a load takes the word that was read, a store gives the word to
//! write.

use super::{sx, w, zx};

/// The address of a load or store, and `lea`: `disp(y, z)`.
#[inline(always)]
pub const fn lea(y: u64, z: u64, disp: i32) -> u64 {
    z.wrapping_add(y).wrapping_add(disp as i64 as u64)
}

/// `lea.sl`: as [`lea`], the displacement moved to the upper half.
#[inline(always)]
pub const fn lea_sl(y: u64, z: u64, disp: i32) -> u64 {
    z.wrapping_add(y).wrapping_add((disp as u32 as u64) << 32)
}

/// `ldu`, `dldu`: 4 bytes in the upper half, 0 in the lower one.
#[inline(always)]
pub const fn ldu(memory: u32) -> u64 {
    zx(memory) << 32
}

/// `ldl.sx`, `dldl.sx`: 4 bytes, extended by the sign.
#[inline(always)]
pub const fn ldl_sx(memory: u32) -> u64 {
    sx(memory)
}

/// `ldl.zx`, `dldl.zx`: 4 bytes, extended by zeros.
#[inline(always)]
pub const fn ldl_zx(memory: u32) -> u64 {
    zx(memory)
}

/// `ld2b.sx`: 2 bytes, extended by the sign.
#[inline(always)]
pub const fn ld2b_sx(memory: u16) -> u64 {
    memory as i16 as i64 as u64
}

/// `ld2b.zx`: 2 bytes, extended by zeros.
#[inline(always)]
pub const fn ld2b_zx(memory: u16) -> u64 {
    memory as u64
}

/// `ld1b.sx`: a byte, extended by the sign.
#[inline(always)]
pub const fn ld1b_sx(memory: u8) -> u64 {
    memory as i8 as i64 as u64
}

/// `ld1b.zx`: a byte, extended by zeros.
#[inline(always)]
pub const fn ld1b_zx(memory: u8) -> u64 {
    memory as u64
}

/// `stu`: the upper half.
#[inline(always)]
pub const fn stu(x: u64) -> u32 {
    w(x >> 32)
}

/// `stl`: the lower half.
#[inline(always)]
pub const fn stl(x: u64) -> u32 {
    w(x)
}

/// `st2b`: the lowest 2 bytes.
#[inline(always)]
pub const fn st2b(x: u64) -> u16 {
    x as u16
}

/// `st1b`: the lowest byte.
#[inline(always)]
pub const fn st1b(x: u64) -> u8 {
    x as u8
}
