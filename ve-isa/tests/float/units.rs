//! Runs operations on either unit, and compares what they give.

use ve_isa::encoding::Rounding;
use ve_isa::semantics::float::*;
use ve_isa::state::psw::{Flags, Psw, RoundingMode};

use crate::reference::{DOUBLE, Format, SINGLE};

pub const ROUNDINGS: [RoundingMode; 4] = [
    RoundingMode::Zero,
    RoundingMode::Up,
    RoundingMode::Down,
    RoundingMode::Nearest,
];

pub const SUFFIXES: [Rounding; 6] = [
    Rounding::Psw,
    Rounding::Zero,
    Rounding::Up,
    Rounding::Down,
    Rounding::NearestEven,
    Rounding::NearestAway,
];

/// The result of an operation: bits, in the lower 64 unless it is quad, and the exceptions.
pub type Result = (u128, Flags);

/// A register with an `f32`, and something in the lower half that must not matter.
pub fn register(single: u128) -> u64 {
    (single as u64) << 32 | 0xdead_beef
}

/// The `f32` of a register, whose lower half is 0.
pub fn single(register: u64) -> u128 {
    assert_eq!(register as u32, 0, "lower half of {register:#x}");
    u128::from(register >> 32)
}

pub fn on_exact<T>(rounding: RoundingMode, operation: impl FnOnce(&mut Exact) -> T) -> (T, Flags) {
    let mut unit = Exact::new(rounding);
    let result = operation(&mut unit);
    (result, unit.flags())
}

/// On the host's unit, `inexact` if there has been an inexact result before.
pub fn on_host<T>(inexact: bool, operation: impl FnOnce(&mut Host) -> T) -> (T, Flags) {
    let mut unit = Host::default();
    let before = if inexact {
        Flags::INEXACT
    } else {
        Flags::empty()
    };
    let mut psw = Psw::from_bits(0x3000 | u64::from(before.bits()));
    unit.begin(psw);
    let result = operation(&mut unit);
    unit.gather(&mut psw);
    (result, psw.flags() & !before)
}

/// An operation of two operands, as the registers have them.
pub type Binary<U> = fn(&mut U, u64, u64) -> u64;

/// A width of floats: its operations on registers and on bits.
pub trait Width {
    const FORMAT: Format;

    fn to_register(bits: u128) -> u64;
    fn of_register(register: u64) -> u128;

    /// All operations of two operands on a unit.
    fn binary<U: FloatUnit>() -> [(&'static str, Binary<U>); 7];

    fn fused(unit: &mut Exact, y: u128, z: u128, w: u128) -> u128;
    fn sqrt(unit: &mut Exact, y: u128) -> u128;
}

/// `f64`.
pub struct Double;

impl Width for Double {
    const FORMAT: Format = DOUBLE;

    fn to_register(bits: u128) -> u64 {
        bits as u64
    }

    fn of_register(register: u64) -> u128 {
        register.into()
    }

    fn binary<U: FloatUnit>() -> [(&'static str, Binary<U>); 7] {
        [
            ("fadd.d", fadd_d),
            ("fsub.d", fsub_d),
            ("fmul.d", fmul_d),
            ("fdiv.d", fdiv_d),
            ("fcmp.d", fcmp_d),
            ("fmax.d", fmax_d),
            ("fmin.d", fmin_d),
        ]
    }

    fn fused(unit: &mut Exact, y: u128, z: u128, w: u128) -> u128 {
        unit.fused64(y as u64, z as u64, w as u64).into()
    }

    fn sqrt(unit: &mut Exact, y: u128) -> u128 {
        unit.sqrt64(y as u64).into()
    }
}

/// `f32`.
pub struct Single;

impl Width for Single {
    const FORMAT: Format = SINGLE;

    fn to_register(bits: u128) -> u64 {
        register(bits)
    }

    fn of_register(register: u64) -> u128 {
        single(register)
    }

    fn binary<U: FloatUnit>() -> [(&'static str, Binary<U>); 7] {
        [
            ("fadd.s", fadd_s),
            ("fsub.s", fsub_s),
            ("fmul.s", fmul_s),
            ("fdiv.s", fdiv_s),
            ("fcmp.s", fcmp_s),
            ("fmax.s", fmax_s),
            ("fmin.s", fmin_s),
        ]
    }

    fn fused(unit: &mut Exact, y: u128, z: u128, w: u128) -> u128 {
        unit.fused32(y as u32, z as u32, w as u32).into()
    }

    fn sqrt(unit: &mut Exact, y: u128) -> u128 {
        unit.sqrt32(y as u32).into()
    }
}

/// The seven results by definition, in the same order.
pub fn defined(format: Format, y: u128, z: u128, rounding: RoundingMode) -> [Result; 7] {
    [
        format.add(y, z, rounding),
        format.sub(y, z, rounding),
        format.mul(y, z, rounding),
        format.div(y, z, rounding),
        format.difference(y, z),
        format.extreme(y, z, true),
        format.extreme(y, z, false),
    ]
}

#[track_caller]
pub fn same(name: &str, operands: &[u128], how: &str, found: Result, expected: Result) {
    assert_eq!(
        found, expected,
        "{name} of {operands:#x?} {how}: {:#x} {:?}, not {:#x} {:?}",
        found.0, found.1, expected.0, expected.1
    );
}

/// As [`same`] for the host's unit. Other processors than x86 have other NaNs, and detect an underflow before rounding.
#[track_caller]
pub fn alike(name: &str, format: Format, operands: &[u128], found: Result, expected: Result) {
    let mut found = found;
    if cfg!(not(target_arch = "x86_64")) {
        if format.is_nan(found.0) && format.is_nan(expected.0) {
            found.0 = expected.0;
        }
        if format.is_least_normal(found.0) {
            found.1 = found.1 & !Flags::UNDERFLOW | expected.1 & Flags::UNDERFLOW;
        }
    }
    same(name, operands, "on the host", found, expected);
}
