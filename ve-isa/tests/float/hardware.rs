//! The exact unit against the processor's in every rounding mode, flags and NaNs included.

use std::arch::asm;

use ve_isa::semantics::float::{Exact, FloatUnit};
use ve_isa::state::psw::{Flags, RoundingMode};

/// MXCSR with everything masked, no flags and this rounding.
fn control(rounding: RoundingMode) -> u32 {
    let mode = match rounding {
        RoundingMode::Nearest => 0,
        RoundingMode::Down => 1,
        RoundingMode::Up => 2,
        RoundingMode::Zero => 3,
    };
    0x1f80 | mode << 13
}

fn flags(mxcsr: u32) -> Flags {
    [
        (0, Flags::INVALID),
        (2, Flags::DIVISION),
        (3, Flags::OVERFLOW),
        (4, Flags::UNDERFLOW),
        (5, Flags::INEXACT),
    ]
    .into_iter()
    .filter(|(bit, _)| mxcsr >> bit & 1 == 1)
    .map(|(_, flag)| flag)
    .collect()
}

macro_rules! operation {
    ($name:ident $instruction:literal $float:ident $bits:ident) => {
        fn $name(y: $bits, z: $bits, rounding: RoundingMode) -> ($bits, Flags) {
            let mut result = $float::from_bits(y);
            let mut control = control(rounding);
            let mut default = 0x1f80u32;
            // SAFETY: the mode is another one for a single instruction inside the block and the default one after it.
            unsafe {
                asm!(
                    "ldmxcsr [{control}]",
                    concat!($instruction, " {result}, {z}"),
                    "stmxcsr [{control}]",
                    "ldmxcsr [{default}]",
                    control = in(reg) &raw mut control,
                    default = in(reg) &raw mut default,
                    result = inout(xmm_reg) result,
                    z = in(xmm_reg) $float::from_bits(z),
                    options(nostack)
                );
            }
            (result.to_bits(), flags(control))
        }
    };
}

operation!(add64 "addsd" f64 u64);
operation!(sub64 "subsd" f64 u64);
operation!(mul64 "mulsd" f64 u64);
operation!(div64 "divsd" f64 u64);
operation!(sqrt64 "sqrtsd" f64 u64);
operation!(add32 "addss" f32 u32);
operation!(sub32 "subss" f32 u32);
operation!(mul32 "mulss" f32 u32);
operation!(div32 "divss" f32 u32);
operation!(sqrt32 "sqrtss" f32 u32);

pub fn check(y: u64, z: u64, a: u32, b: u32) {
    for rounding in [
        RoundingMode::Zero,
        RoundingMode::Up,
        RoundingMode::Down,
        RoundingMode::Nearest,
    ] {
        macro_rules! compare {
            ($($name:ident($($operand:ident),*) $processor:expr;)*) => { $(
                let mut exact = Exact::new(rounding);
                let found = exact.$name($($operand),*);
                let found = (found, exact.flags());
                let expected = $processor;
                assert_eq!(found, expected, "{} of {:#x?} {rounding:?}", stringify!($name), [$($operand),*]);
            )* };
        }
        compare! {
            add64(y, z) add64(y, z, rounding);
            sub64(y, z) sub64(y, z, rounding);
            mul64(y, z) mul64(y, z, rounding);
            div64(y, z) div64(y, z, rounding);
            sqrt64(y) sqrt64(y, y, rounding);
            add32(a, b) add32(a, b, rounding);
            sub32(a, b) sub32(a, b, rounding);
            mul32(a, b) mul32(a, b, rounding);
            div32(a, b) div32(a, b, rounding);
            sqrt32(a) sqrt32(a, a, rounding);
        }
    }
}
