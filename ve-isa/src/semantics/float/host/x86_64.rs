//! SSE2, and its status, MXCSR.

use std::arch::asm;

use crate::state::psw::Flags;

/// MXCSR as Rust wants it: everything masked, round to nearest, subnormal numbers as they are, no flags.
const DEFAULT: u32 = 0x1f80;

const FLAGS: [(u32, Flags); 5] = [
    (1 << 0, Flags::INVALID),
    (1 << 2, Flags::DIVISION),
    (1 << 3, Flags::OVERFLOW),
    (1 << 4, Flags::UNDERFLOW),
    (1 << 5, Flags::INEXACT),
];

/// The exceptions in MXCSR. That of a subnormal operand is none of the Vector Engine's.
#[inline]
pub fn status() -> Flags {
    let mut mxcsr = 0u32;
    // SAFETY: the instruction stores 4 bytes to a place of that size and changes nothing else.
    unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut mxcsr, options(nostack, preserves_flags)) };
    FLAGS.iter().fold(Flags::empty(), |all, &(bit, flag)| {
        if mxcsr & bit != 0 { all | flag } else { all }
    })
}

/// Gives MXCSR these exceptions, and else what Rust wants.
#[inline]
pub fn reset(flags: Flags) {
    let mxcsr = FLAGS.iter().fold(
        DEFAULT,
        |all, &(bit, flag)| if flags.contains(flag) { all | bit } else { all },
    );
    // SAFETY: the instruction loads 4 bytes from a place of that size. RoundingMode and masks become what Rust takes for granted; only the
    // flags may differ, which a block without `preserves_flags` may change.
    unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const mxcsr, options(nostack, readonly)) };
}

macro_rules! arithmetic {
    ($($name:ident: $instruction:literal $float:ident $bits:ident;)*) => {
        $(
            #[doc = concat!("`", $instruction, "`")]
            #[inline(always)]
            pub fn $name(y: $bits, z: $bits) -> $bits {
                let mut result = $float::from_bits(y);
                // SAFETY: an instruction of SSE2, which every x86_64 has, on two registers. It may raise flags in MXCSR, which a block
                // without `preserves_flags` may do. The block is not `pure`: the flags are what it is there for.
                unsafe {
                    asm!(
                        concat!($instruction, " {0}, {1}"),
                        inout(xmm_reg) result,
                        in(xmm_reg) $float::from_bits(z),
                        options(nomem, nostack)
                    );
                }
                result.to_bits()
            }
        )*
    };
}

arithmetic! {
    add64: "addsd" f64 u64;
    sub64: "subsd" f64 u64;
    mul64: "mulsd" f64 u64;
    div64: "divsd" f64 u64;
    add32: "addss" f32 u32;
    sub32: "subss" f32 u32;
    mul32: "mulss" f32 u32;
    div32: "divss" f32 u32;
}

macro_rules! to_float {
    ($($name:ident: $instruction:literal $class:ident $operand:literal $from:ty, $value:expr => $float:ident $bits:ident;)*) => {
        $(
            #[doc = concat!("`", $instruction, "`")]
            #[inline(always)]
            pub fn $name(y: $from) -> $bits {
                let result: $float;
                // SAFETY: as in `arithmetic`. The result's register is cleared first, so that its old content is not waited for.
                unsafe {
                    asm!(
                        "xorps {0}, {0}",
                        concat!($instruction, " {0}, ", $operand),
                        out(xmm_reg) result,
                        in($class) $value(y),
                        options(nomem, nostack)
                    );
                }
                result.to_bits()
            }
        )*
    };
}

to_float! {
    narrow: "cvtsd2ss" xmm_reg "{1}" u64, f64::from_bits => f32 u32;
    widen: "cvtss2sd" xmm_reg "{1}" u32, f32::from_bits => f64 u64;
    float64: "cvtsi2sd" reg "{1:r}" i64, i64::from => f64 u64;
    float32: "cvtsi2ss" reg "{1:e}" i32, i32::from => f32 u32;
}

macro_rules! to_integer {
    ($($name:ident: $instruction:literal $operand:literal $float:ident $bits:ident => $int:ident;)*) => {
        $(
            #[doc = concat!("`", $instruction, "`, with the nearest integer for what is out of range.")]
            #[inline(always)]
            pub fn $name(y: $bits) -> $int {
                let result: $int;
                // SAFETY: as in `arithmetic`.
                unsafe {
                    asm!(
                        concat!($instruction, " ", $operand, ", {1}"),
                        lateout(reg) result,
                        in(xmm_reg) $float::from_bits(y),
                        options(nomem, nostack)
                    );
                }
                // The instruction gives this for all that is out of range.
                if result == $int::MIN {
                    const INFINITY: $bits = $float::INFINITY.to_bits();
                    return if y << 1 > INFINITY << 1 {
                        0
                    } else if y > INFINITY {
                        $int::MIN
                    } else {
                        $int::MAX
                    };
                }
                result
            }
        )*
    };
}

to_integer! {
    int64_toward_zero: "cvttsd2si" "{0:r}" f64 u64 => i64;
    int64_nearest: "cvtsd2si" "{0:r}" f64 u64 => i64;
    int32_toward_zero: "cvttsd2si" "{0:e}" f64 u64 => i32;
    int32_nearest: "cvtsd2si" "{0:e}" f64 u64 => i32;
    int32_of_single_toward_zero: "cvttss2si" "{0:e}" f32 u32 => i32;
    int32_of_single_nearest: "cvtss2si" "{0:e}" f32 u32 => i32;
}
