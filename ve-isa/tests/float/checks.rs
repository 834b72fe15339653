//! The check of operands: every operation on them, in all rounding modes.

use ve_isa::encoding::Rounding;
use ve_isa::semantics::convert::*;
use ve_isa::semantics::quad::*;
use ve_isa::state::psw::{Flags, RoundingMode};

use crate::reference::{DOUBLE, QUAD, SINGLE};
use crate::units::*;

/// The operations of two operands.
pub fn check_binary<W: Width>(y: u128, z: u128) {
    let operands = (W::to_register(y), W::to_register(z));
    for rounding in ROUNDINGS {
        let expected = defined(W::FORMAT, y, z, rounding);
        for ((name, operation), expected) in W::binary().into_iter().zip(expected) {
            let (found, flags) = on_exact(rounding, |unit| operation(unit, operands.0, operands.1));
            let found = (W::of_register(found), flags);
            same(name, &[y, z], &format!("{rounding:?}"), found, expected);
        }
    }
    let expected = defined(W::FORMAT, y, z, RoundingMode::Nearest);
    for ((name, operation), (bits, flags)) in W::binary().into_iter().zip(expected) {
        for (inexact, expected) in [(false, flags), (true, flags & !Flags::INEXACT)] {
            let (found, flags) = on_host(inexact, |unit| operation(unit, operands.0, operands.1));
            let found = (W::of_register(found), flags);
            alike(name, W::FORMAT, &[y, z], found, (bits, expected));
        }
    }
}

pub fn check_quad(y: u128, z: u128) {
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
pub fn check_quad_alone(y: u128) {
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
pub fn check_double(y: u128) {
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
pub fn check_single(y: u128) {
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
pub fn check_integer(y: u64) {
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
pub fn check_fused<W: Width>(y: u128, z: u128, w: u128) {
    for rounding in ROUNDINGS {
        let how = format!("{rounding:?}");
        let found = on_exact(rounding, |unit| W::fused(unit, y, z, w));
        let expected = W::FORMAT.fused(y, z, w, rounding);
        same("fused", &[y, z, w], &how, found, expected);
        let found = on_exact(rounding, |unit| W::sqrt(unit, y));
        let expected = W::FORMAT.sqrt(y, rounding);
        same("square root", &[y], &how, found, expected);
    }
}
