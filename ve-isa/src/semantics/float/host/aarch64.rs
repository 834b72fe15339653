//! The floating point unit of AArch64, and its status, FPSR.

use std::arch::asm;

use crate::state::psw::Flags;

const FLAGS: [(u64, Flags); 5] = [
    (1 << 0, Flags::INVALID),
    (1 << 1, Flags::DIVISION),
    (1 << 2, Flags::OVERFLOW),
    (1 << 3, Flags::UNDERFLOW),
    (1 << 4, Flags::INEXACT),
];

/// The exceptions in FPSR.
#[inline]
pub fn status() -> Flags {
    let fpsr: u64;
    // SAFETY: the instruction reads a register that every program may read.
    unsafe { asm!("mrs {}, fpsr", out(reg) fpsr, options(nomem, nostack, preserves_flags)) };
    FLAGS.iter().fold(Flags::empty(), |all, &(bit, flag)| {
        if fpsr & bit != 0 { all | flag } else { all }
    })
}

/// Gives FPSR these exceptions, and FPCR what Rust wants: no traps, round to nearest, subnormal numbers and NaNs as they are.
#[inline]
pub fn reset(flags: Flags) {
    let fpsr = FLAGS.iter().fold(
        0,
        |all, &(bit, flag)| if flags.contains(flag) { all | bit } else { all },
    );
    // SAFETY: the control becomes what Rust takes for granted. A block without `preserves_flags` may change FPSR.
    unsafe { asm!("msr fpcr, xzr", "msr fpsr, {}", in(reg) fpsr, options(nomem, nostack)) };
}

macro_rules! arithmetic {
    ($($name:ident: $instruction:literal $operands:literal $float:ident $bits:ident;)*) => {
        $(
            #[doc = concat!("`", $instruction, "`")]
            #[inline(always)]
            pub fn $name(y: $bits, z: $bits) -> $bits {
                let result: $float;
                // SAFETY: an instruction on registers that every AArch64 has. It may raise flags in FPSR, which a block without
                // `preserves_flags` may do. The block is not `pure`: the flags are what it is there for.
                unsafe {
                    asm!(
                        concat!($instruction, " ", $operands),
                        lateout(vreg) result,
                        in(vreg) $float::from_bits(y),
                        in(vreg) $float::from_bits(z),
                        options(nomem, nostack)
                    );
                }
                result.to_bits()
            }
        )*
    };
}

arithmetic! {
    add64: "fadd" "{0:d}, {1:d}, {2:d}" f64 u64;
    sub64: "fsub" "{0:d}, {1:d}, {2:d}" f64 u64;
    mul64: "fmul" "{0:d}, {1:d}, {2:d}" f64 u64;
    div64: "fdiv" "{0:d}, {1:d}, {2:d}" f64 u64;
    add32: "fadd" "{0:s}, {1:s}, {2:s}" f32 u32;
    sub32: "fsub" "{0:s}, {1:s}, {2:s}" f32 u32;
    mul32: "fmul" "{0:s}, {1:s}, {2:s}" f32 u32;
    div32: "fdiv" "{0:s}, {1:s}, {2:s}" f32 u32;
}

macro_rules! conversion {
    ($($name:ident: $instruction:literal $operands:literal $from:ty, $in:ident $value:expr => $out:ident $result:ty, $bits:ty, $finish:expr;)*) => {
        $(
            #[doc = concat!("`", $instruction, "`")]
            #[inline(always)]
            pub fn $name(y: $from) -> $bits {
                let result: $result;
                // SAFETY: as in `arithmetic`.
                unsafe {
                    asm!(
                        concat!($instruction, " ", $operands),
                        lateout($out) result,
                        in($in) $value(y),
                        options(nomem, nostack)
                    );
                }
                $finish(result)
            }
        )*
    };
}

// The conversions to integers give the nearest one for what is out of range, and 0 for a NaN.
conversion! {
    narrow: "fcvt" "{0:s}, {1:d}" u64, vreg f64::from_bits => vreg f32, u32, f32::to_bits;
    widen: "fcvt" "{0:d}, {1:s}" u32, vreg f32::from_bits => vreg f64, u64, f64::to_bits;
    float64: "scvtf" "{0:d}, {1:x}" i64, reg i64::from => vreg f64, u64, f64::to_bits;
    float32: "scvtf" "{0:s}, {1:w}" i32, reg i32::from => vreg f32, u32, f32::to_bits;
    int64_toward_zero: "fcvtzs" "{0:x}, {1:d}" u64, vreg f64::from_bits => reg i64, i64, i64::from;
    int64_nearest: "fcvtns" "{0:x}, {1:d}" u64, vreg f64::from_bits => reg i64, i64, i64::from;
    int32_toward_zero: "fcvtzs" "{0:w}, {1:d}" u64, vreg f64::from_bits => reg i32, i32, i32::from;
    int32_nearest: "fcvtns" "{0:w}, {1:d}" u64, vreg f64::from_bits => reg i32, i32, i32::from;
    int32_of_single_toward_zero: "fcvtzs" "{0:w}, {1:s}" u32, vreg f32::from_bits => reg i32, i32, i32::from;
    int32_of_single_nearest: "fcvtns" "{0:w}, {1:s}" u32, vreg f32::from_bits => reg i32, i32, i32::from;
}
