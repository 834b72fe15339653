//! Float operations against IEEE 754's definition, and against the host's own unit.
//!
//! The exact unit in all rounding modes, the host's in the one it has, with all flags.

#[cfg(target_arch = "x86_64")]
mod hardware;
mod reference;
mod values;

use proptest::prelude::*;
use reference::{DOUBLE, Format, QUAD, SINGLE};
use ve_isa::encoding::Rounding;
use ve_isa::semantics::convert::*;
use ve_isa::semantics::float::*;
use ve_isa::semantics::quad::*;
use ve_isa::state::psw::{Flags, Psw, RoundingMode};
use veo_test_support as _;

const ROUNDINGS: [RoundingMode; 4] = [
    RoundingMode::Zero,
    RoundingMode::Up,
    RoundingMode::Down,
    RoundingMode::Nearest,
];

const SUFFIXES: [Rounding; 6] = [
    Rounding::Psw,
    Rounding::Zero,
    Rounding::Up,
    Rounding::Down,
    Rounding::NearestEven,
    Rounding::NearestAway,
];

/// What an operation gives: bits, in the lower 64 unless it is quad, and the exceptions.
type Result = (u128, Flags);

/// A register with an `f32`, and something in the lower half that must not matter.
fn register(single: u128) -> u64 {
    (single as u64) << 32 | 0xdead_beef
}

/// The `f32` of a register, whose lower half is 0.
fn single(register: u64) -> u128 {
    assert_eq!(register as u32, 0, "lower half of {register:#x}");
    u128::from(register >> 32)
}

fn on_exact<T>(rounding: RoundingMode, operation: impl FnOnce(&mut Exact) -> T) -> (T, Flags) {
    let mut unit = Exact::new(rounding);
    let result = operation(&mut unit);
    (result, unit.flags())
}

/// On the host's unit, `inexact` if there has been an inexact result before.
fn on_host<T>(inexact: bool, operation: impl FnOnce(&mut Host) -> T) -> (T, Flags) {
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

/// All operations of two operands and of one, on a unit, for `f64` (`y`, `z`) and for `f32`.
fn doubles<U: FloatUnit>(y: u128, z: u128) -> Vec<(&'static str, impl Fn(&mut U) -> u128)> {
    type Function<U> = fn(&mut U, u64, u64) -> u64;
    let functions: [(&str, Function<U>); 7] = [
        ("fadd.d", fadd_d),
        ("fsub.d", fsub_d),
        ("fmul.d", fmul_d),
        ("fdiv.d", fdiv_d),
        ("fcmp.d", fcmp_d),
        ("fmax.d", fmax_d),
        ("fmin.d", fmin_d),
    ];
    functions
        .into_iter()
        .map(|(name, f)| (name, move |unit: &mut U| f(unit, y as u64, z as u64).into()))
        .collect()
}

fn singles<U: FloatUnit>(y: u128, z: u128) -> Vec<(&'static str, impl Fn(&mut U) -> u128)> {
    type Function<U> = fn(&mut U, u64, u64) -> u64;
    let functions: [(&str, Function<U>); 7] = [
        ("fadd.s", fadd_s),
        ("fsub.s", fsub_s),
        ("fmul.s", fmul_s),
        ("fdiv.s", fdiv_s),
        ("fcmp.s", fcmp_s),
        ("fmax.s", fmax_s),
        ("fmin.s", fmin_s),
    ];
    functions
        .into_iter()
        .map(|(name, f)| {
            (name, move |unit: &mut U| {
                single(f(unit, register(y), register(z)))
            })
        })
        .collect()
}

/// What the seven are by definition, in the same order.
fn defined(format: Format, y: u128, z: u128, rounding: RoundingMode) -> [Result; 7] {
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
fn same(name: &str, operands: &[u128], how: &str, found: Result, expected: Result) {
    assert_eq!(
        found, expected,
        "{name} of {operands:#x?} {how}: {:#x} {:?}, not {:#x} {:?}",
        found.0, found.1, expected.0, expected.1
    );
}

/// As [`same`] for the host's unit. Other processors than x86 have other NaNs, and detect an underflow before rounding.
#[track_caller]
fn alike(name: &str, format: Format, operands: &[u128], found: Result, expected: Result) {
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

fn check_binary_double(y: u128, z: u128) {
    for rounding in ROUNDINGS {
        let expected = defined(DOUBLE, y, z, rounding);
        for ((name, run), expected) in doubles(y, z).into_iter().zip(expected) {
            same(
                name,
                &[y, z],
                &format!("{rounding:?}"),
                on_exact(rounding, run),
                expected,
            );
        }
    }
    let expected = defined(DOUBLE, y, z, RoundingMode::Nearest);
    for ((name, run), (bits, flags)) in doubles(y, z).into_iter().zip(expected) {
        alike(name, DOUBLE, &[y, z], on_host(false, &run), (bits, flags));
        alike(
            name,
            DOUBLE,
            &[y, z],
            on_host(true, &run),
            (bits, flags & !Flags::INEXACT),
        );
    }
}

fn check_binary_single(y: u128, z: u128) {
    for rounding in ROUNDINGS {
        let expected = defined(SINGLE, y, z, rounding);
        for ((name, run), expected) in singles(y, z).into_iter().zip(expected) {
            same(
                name,
                &[y, z],
                &format!("{rounding:?}"),
                on_exact(rounding, run),
                expected,
            );
        }
    }
    let expected = defined(SINGLE, y, z, RoundingMode::Nearest);
    for ((name, run), (bits, flags)) in singles(y, z).into_iter().zip(expected) {
        alike(name, SINGLE, &[y, z], on_host(false, &run), (bits, flags));
        alike(
            name,
            SINGLE,
            &[y, z],
            on_host(true, &run),
            (bits, flags & !Flags::INEXACT),
        );
    }
}

fn check_quad(y: u128, z: u128) {
    for rounding in ROUNDINGS {
        let how = format!("{rounding:?}");
        let (sum, difference, product) = (
            QUAD.add(y, z, rounding),
            QUAD.sub(y, z, rounding),
            QUAD.mul(y, z, rounding),
        );
        same(
            "fadd.q",
            &[y, z],
            &how,
            on_exact(rounding, |unit| fadd_q(unit, y, z)),
            sum,
        );
        same(
            "fsub.q",
            &[y, z],
            &how,
            on_exact(rounding, |unit| fsub_q(unit, y, z)),
            difference,
        );
        same(
            "fmul.q",
            &[y, z],
            &how,
            on_exact(rounding, |unit| fmul_q(unit, y, z)),
            product,
        );
    }
    let (found, flags) = on_exact(RoundingMode::Nearest, |unit| fcmp_q(unit, y, z));
    let (difference, _) = QUAD.difference(y, z);
    let (expected, expected_flags) = match (difference << 1, difference >> 127) {
        (0, _) => (0.0, Flags::empty()),
        (bits, _) if bits > 0x7fff << 113 => (f64::NAN, Flags::INVALID),
        (_, 1) => (-1.0, Flags::empty()),
        _ => (1.0, Flags::empty()),
    };
    let found = f64::from_bits(found);
    assert!(
        found == expected || found.is_nan() && expected.is_nan(),
        "fcmp.q of {y:#x}, {z:#x}: {found}"
    );
    assert_eq!(flags, expected_flags, "fcmp.q of {y:#x}, {z:#x}");
    let (even, odd) = to_pair(y);
    assert_eq!((from_pair(even, odd), even), (y, (y >> 64) as u64));
}

/// Conversions of a quad number.
fn check_quad_alone(y: u128) {
    for rounding in ROUNDINGS {
        let how = format!("{rounding:?}");
        let (double, flags) = on_exact(rounding, |unit| cvt_d_q(unit, y));
        same(
            "cvt.d.q",
            &[y],
            &how,
            (double.into(), flags),
            QUAD.convert(DOUBLE, y, rounding),
        );
        let (float, flags) = on_exact(rounding, |unit| cvt_s_q(unit, y));
        same(
            "cvt.s.q",
            &[y],
            &how,
            (single(float), flags),
            QUAD.convert(SINGLE, y, rounding),
        );
    }
}

/// Conversions of an `f64`.
fn check_double(y: u128) {
    let register = y as u64;
    let widened = on_exact(RoundingMode::Nearest, |unit| cvt_q_d(unit, register));
    same(
        "cvt.q.d",
        &[y],
        "",
        widened,
        DOUBLE.convert(QUAD, y, RoundingMode::Nearest),
    );
    for rounding in ROUNDINGS {
        let expected = DOUBLE.convert(SINGLE, y, rounding);
        let (found, flags) = on_exact(rounding, |unit| cvt_s_d(unit, register));
        same(
            "cvt.s.d",
            &[y],
            &format!("{rounding:?}"),
            (single(found), flags),
            expected,
        );
        for suffix in SUFFIXES {
            let long = DOUBLE.to_integer(64, y, suffix, rounding);
            let word = DOUBLE.to_integer(32, y, suffix, rounding);
            check_integers(
                rounding,
                long,
                word,
                y,
                &format!("{rounding:?} {suffix:?}"),
                suffix,
            );
        }
    }
    let (found, flags) = on_host(false, |unit| cvt_s_d(unit, register));
    alike(
        "cvt.s.d",
        SINGLE,
        &[y],
        (single(found), flags),
        DOUBLE.convert(SINGLE, y, RoundingMode::Nearest),
    );
}

fn check_integers(
    rounding: RoundingMode,
    long: (i64, Flags),
    word: (i64, Flags),
    y: u128,
    how: &str,
    suffix: Rounding,
) {
    let register = y as u64;
    let long = (long.0 as u64, long.1);
    let extended = [(word.0 as u64, word.1), (u64::from(word.0 as u32), word.1)];
    assert_eq!(
        on_exact(rounding, |unit| cvt_l_d(unit, register, suffix)),
        long,
        "cvt.l.d {y:#x} {how}"
    );
    let exact = [
        on_exact(rounding, |unit| cvt_w_d_sx(unit, register, suffix)),
        on_exact(rounding, |unit| cvt_w_d_zx(unit, register, suffix)),
    ];
    assert_eq!(exact, extended, "cvt.w.d {y:#x} {how}");
    if rounding == RoundingMode::Nearest {
        assert_eq!(
            on_host(false, |unit| cvt_l_d(unit, register, suffix)),
            long,
            "cvt.l.d {y:#x} {suffix:?}, host"
        );
        let host = [
            on_host(false, |unit| cvt_w_d_sx(unit, register, suffix)),
            on_host(false, |unit| cvt_w_d_zx(unit, register, suffix)),
        ];
        assert_eq!(host, extended, "cvt.w.d {y:#x} {suffix:?}, host");
    }
}

/// Conversions of an `f32`.
fn check_single(y: u128) {
    let input = register(y);
    let quad = on_exact(RoundingMode::Nearest, |unit| cvt_q_s(unit, input));
    same(
        "cvt.q.s",
        &[y],
        "",
        quad,
        SINGLE.convert(QUAD, y, RoundingMode::Nearest),
    );
    let (bits, flags) = SINGLE.convert(DOUBLE, y, RoundingMode::Nearest);
    let expected = (bits as u64, flags);
    assert_eq!(
        on_exact(RoundingMode::Nearest, |unit| cvt_d_s(unit, input)),
        expected,
        "cvt.d.s {y:#x}"
    );
    assert_eq!(
        on_host(false, |unit| cvt_d_s(unit, input)),
        expected,
        "cvt.d.s {y:#x}, host"
    );
    for rounding in ROUNDINGS {
        for suffix in SUFFIXES {
            let (value, flags) = SINGLE.to_integer(32, y, suffix, rounding);
            let expected = [(value as u64, flags), (u64::from(value as u32), flags)];
            let exact = [
                on_exact(rounding, |unit| cvt_w_s_sx(unit, input, suffix)),
                on_exact(rounding, |unit| cvt_w_s_zx(unit, input, suffix)),
            ];
            assert_eq!(exact, expected, "cvt.w.s {y:#x} {rounding:?} {suffix:?}");
            if rounding == RoundingMode::Nearest {
                let host = [
                    on_host(false, |unit| cvt_w_s_sx(unit, input, suffix)),
                    on_host(false, |unit| cvt_w_s_zx(unit, input, suffix)),
                ];
                assert_eq!(host, expected, "cvt.w.s {y:#x} {suffix:?}, host");
            }
        }
    }
}

/// Conversions of integers.
fn check_integer(y: u64) {
    let double = |value: i64, rounding| {
        let (bits, flags) = DOUBLE.of_integer(value, rounding);
        (bits as u64, flags)
    };
    for rounding in ROUNDINGS {
        let found = on_exact(rounding, |unit| cvt_d_l(unit, y));
        assert_eq!(
            found,
            double(y as i64, rounding),
            "cvt.d.l {y:#x} {rounding:?}"
        );
        let (found, flags) = on_exact(rounding, |unit| cvt_s_w(unit, y));
        same(
            "cvt.s.w",
            &[y.into()],
            &format!("{rounding:?}"),
            (single(found), flags),
            SINGLE.of_integer((y as i32).into(), rounding),
        );
    }
    assert_eq!(
        on_host(false, |unit| cvt_d_l(unit, y)),
        double(y as i64, RoundingMode::Nearest),
        "cvt.d.l {y:#x}, host"
    );
    let (found, flags) = on_host(false, |unit| cvt_s_w(unit, y));
    same(
        "cvt.s.w",
        &[y.into()],
        "on the host",
        (single(found), flags),
        SINGLE.of_integer((y as i32).into(), RoundingMode::Nearest),
    );
    assert_eq!(
        on_host(false, |_| cvt_d_w(y)),
        double((y as i32).into(), RoundingMode::Nearest),
        "cvt.d.w {y:#x}"
    );
}

/// The operations that are vector instructions only.
fn check_fused_double(y: u128, z: u128, w: u128) {
    for rounding in ROUNDINGS {
        let how = format!("{rounding:?}");
        let (found, flags) = on_exact(rounding, |unit| unit.fused64(y as u64, z as u64, w as u64));
        same(
            "fused",
            &[y, z, w],
            &how,
            (found.into(), flags),
            DOUBLE.fused(y, z, w, rounding),
        );
        let (found, flags) = on_exact(rounding, |unit| unit.sqrt64(y as u64));
        same(
            "square root",
            &[y],
            &how,
            (found.into(), flags),
            DOUBLE.sqrt(y, rounding),
        );
    }
}

fn check_fused_single(y: u128, z: u128, w: u128) {
    for rounding in ROUNDINGS {
        let how = format!("{rounding:?}");
        let (found, flags) = on_exact(rounding, |unit| unit.fused32(y as u32, z as u32, w as u32));
        same(
            "fused",
            &[y, z, w],
            &how,
            (found.into(), flags),
            SINGLE.fused(y, z, w, rounding),
        );
        let (found, flags) = on_exact(rounding, |unit| unit.sqrt32(y as u32));
        same(
            "square root",
            &[y],
            &how,
            (found.into(), flags),
            SINGLE.sqrt(y, rounding),
        );
    }
}

fn double_edges() -> Vec<u128> {
    values::edges(53, 11)
}

fn single_edges() -> Vec<u128> {
    values::edges(24, 8)
}

#[test]
fn edges_of_doubles() {
    let edges = double_edges();
    for &y in &edges {
        check_double(y);
        for &z in &edges {
            check_binary_double(y, z);
        }
    }
}

#[test]
fn edges_of_singles() {
    let edges = single_edges();
    for &y in &edges {
        check_single(y);
        for &z in &edges {
            check_binary_single(y, z);
        }
    }
}

#[test]
fn edges_of_quads() {
    let edges = values::edges(113, 15);
    for &y in &edges {
        check_quad_alone(y);
    }
    // Numbers so far apart are long for the reference, so not all pairs are tried.
    for &y in edges.iter().step_by(3) {
        for &z in &edges {
            check_quad(y, z);
        }
    }
}

#[test]
fn edges_of_three_operands() {
    let (doubles, singles) = (double_edges(), single_edges());
    for (i, (&y, &z)) in doubles
        .iter()
        .flat_map(|y| doubles.iter().map(move |z| (y, z)))
        .enumerate()
    {
        check_fused_double(y, z, doubles[i % 89 % doubles.len()]);
    }
    for (i, (&y, &z)) in singles
        .iter()
        .flat_map(|y| singles.iter().map(move |z| (y, z)))
        .enumerate()
    {
        check_fused_single(y, z, singles[i % 89 % singles.len()]);
    }
}

#[test]
fn edges_of_integers() {
    for bit in 0..64 {
        let power = 1u64 << bit;
        for y in [
            power - 1,
            power,
            power + 1,
            power | power >> 24,
            power | power >> 24 | 1,
            power | power >> 53,
            power | power >> 54,
        ] {
            check_integer(y);
            check_integer(y.wrapping_neg());
        }
    }
}

/// Whether a result is below the normal numbers is decided when it is rounded as if there were no smallest exponent.
#[test]
fn underflow_is_told_after_rounding() {
    let least = f64::MIN_POSITIVE;
    let cases = [
        // 1 - 2^-53 has 53 bits, so only the smallest exponent makes it inexact: an underflow, although the result is normal.
        (
            least,
            1.0 - f64::EPSILON / 2.0,
            Flags::INEXACT | Flags::UNDERFLOW,
        ),
        // 1 - 2^-104 rounds to 1 with any exponent: no underflow, although the exact product is below.
        (
            least - f64::from_bits(1),
            1.0 + f64::EPSILON,
            Flags::INEXACT,
        ),
    ];
    for (y, z, expected) in cases {
        let (found, flags) = on_exact(RoundingMode::Nearest, |unit| {
            fmul_d(unit, y.to_bits(), z.to_bits())
        });
        assert_eq!((f64::from_bits(found), flags), (least, expected));
        if cfg!(target_arch = "x86_64") {
            let (found, flags) = on_host(false, |unit| fmul_d(unit, y.to_bits(), z.to_bits()));
            assert_eq!(
                (f64::from_bits(found), flags),
                (least, expected),
                "on the host"
            );
        }
    }
}

/// Rounding toward zero never gives infinity, but the number is too large all the same.
#[test]
fn overflow_to_the_largest_number() {
    let largest = f64::MAX.to_bits();
    let (found, flags) = on_exact(RoundingMode::Zero, |unit| fadd_d(unit, largest, largest));
    assert_eq!((found, flags), (largest, Flags::OVERFLOW | Flags::INEXACT));
}

proptest! {
    #[test]
    fn random_doubles([y, z, w] in values::operands(53, 11)) {
        check_double(y);
        check_binary_double(y, z);
        check_fused_double(y, z, w);
    }

    #[test]
    fn random_singles([y, z, w] in values::operands(24, 8)) {
        check_single(y);
        check_binary_single(y, z);
        check_fused_single(y, z, w);
    }

    #[test]
    fn random_quads([y, z, _] in values::operands(113, 15)) {
        check_quad_alone(y);
        check_quad(y, z);
    }

    #[test]
    fn random_integers(y: u64, shift in 0..64u32) {
        check_integer(y >> shift);
        check_integer(((y as i64) >> shift) as u64);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn random_values_on_the_processor([y, z, _] in values::operands(53, 11), [a, b, _] in values::operands(24, 8)) {
        hardware::check(y as u64, z as u64, a as u32, b as u32);
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn edges_on_the_processor() {
    let (doubles, singles) = (double_edges(), single_edges());
    for (y, a) in doubles.iter().zip(&singles) {
        for (z, b) in doubles.iter().zip(&singles) {
            hardware::check(*y as u64, *z as u64, *a as u32, *b as u32);
        }
    }
}
