//! `long double`: what compilers call for it, and the functions of `math.h` that are exact, but for those in `quad_math`.

use std::cmp::Ordering;

use rustc_apfloat::ieee::{Double, Quad, Single};
use rustc_apfloat::{Float, FloatConvert, Round};

use super::call::{
    Outcome, Table, double, int, quad as bits, result, result_double, result_int, result_quad,
    result_single, single, store, word,
};
use super::integers::{give, wide};
use crate::thread::Thread;

pub(super) const TABLE: Table = &[
    ("__addtf3", |thread| binary(thread, |a, b| (a + b).value)),
    ("__subtf3", |thread| binary(thread, |a, b| (a - b).value)),
    ("__multf3", |thread| binary(thread, |a, b| (a * b).value)),
    ("__divtf3", |thread| binary(thread, |a, b| (a / b).value)),
    ("fmodl", |thread| binary(thread, |a, b| a.c_fmod(b).value)),
    ("remainderl", |thread| {
        binary(thread, |a, b| a.ieee_rem(b).value)
    }),
    ("fmaxl", |thread| binary(thread, |a, b| a.max(b))),
    ("fminl", |thread| binary(thread, |a, b| a.min(b))),
    ("copysignl", |thread| binary(thread, Quad::copy_sign)),
    ("fmal", |thread| {
        let value = quad(thread, 0).mul_add(quad(thread, 2), quad(thread, 4));
        leave(thread, value.value)
    }),
    ("__negtf2", |thread| unary(thread, |a| -a)),
    ("fabsl", |thread| unary(thread, Quad::abs)),
    ("floorl", |thread| round(thread, Round::TowardNegative)),
    ("ceill", |thread| round(thread, Round::TowardPositive)),
    ("truncl", |thread| round(thread, Round::TowardZero)),
    ("roundl", |thread| round(thread, Round::NearestTiesToAway)),
    ("ldexpl", scale),
    ("scalbnl", scale),
    ("scalblnl", |thread| {
        let exponent = word(thread, 2) as i64;
        let exponent = exponent.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
        let value = quad(thread, 0).scalbn(exponent);
        leave(thread, value)
    }),
    ("frexpl", |thread| {
        let mut exponent = 0;
        let a = quad(thread, 0);
        let value = if a.is_finite_non_zero() {
            a.frexp(&mut exponent)
        } else {
            a
        };
        let place = word(thread, 2);
        store::<4>(thread.window(), place, exponent as u64)?;
        leave(thread, value)
    }),
    // The comparisons say what `a ? b` holds by the sign of their result; a NaN makes all false.
    ("__eqtf2", |thread| compare(thread, 1)),
    ("__netf2", |thread| compare(thread, 1)),
    ("__lttf2", |thread| compare(thread, 1)),
    ("__letf2", |thread| compare(thread, 1)),
    ("__cmptf2", |thread| compare(thread, 1)),
    ("__gttf2", |thread| compare(thread, -1)),
    ("__getf2", |thread| compare(thread, -1)),
    ("__powitf2", |thread| {
        let (mut base, exponent) = (quad(thread, 0), int(thread, 2));
        let one = Quad::from_u128(1).value;
        let (mut power, mut left) = (one, exponent.unsigned_abs());
        while left > 0 {
            if left & 1 == 1 {
                power = (power * base).value;
            }
            left >>= 1;
            if left > 0 {
                base = (base * base).value;
            }
        }
        if exponent < 0 {
            power = (one / power).value;
        }
        leave(thread, power)
    }),
    ("__unordtf2", |thread| {
        let unordered = quad(thread, 0).is_nan() || quad(thread, 2).is_nan();
        result_int(thread, unordered.into())
    }),
    ("__extenddftf2", |thread| {
        let value = Double::from_bits(double(thread, 0).to_bits().into());
        let value: Quad = value.convert(&mut false).value;
        leave(thread, value)
    }),
    ("__extendsftf2", |thread| {
        let value = Single::from_bits(single(thread, 0).to_bits().into());
        let value: Quad = value.convert(&mut false).value;
        leave(thread, value)
    }),
    ("__trunctfdf2", |thread| {
        let value: Double = quad(thread, 0).convert(&mut false).value;
        result_double(thread, f64::from_bits(value.to_bits() as u64))
    }),
    ("__trunctfsf2", |thread| {
        let value: Single = quad(thread, 0).convert(&mut false).value;
        result_single(thread, f32::from_bits(value.to_bits() as u32))
    }),
    ("__fixtfsi", |thread| {
        let value = quad(thread, 0)
            .to_i128_r(32, Round::TowardZero, &mut false)
            .value;
        result_int(thread, value as i32)
    }),
    ("__fixtfdi", |thread| {
        let value = quad(thread, 0)
            .to_i128_r(64, Round::TowardZero, &mut false)
            .value;
        result(thread, value as u64)
    }),
    ("__fixtfti", |thread| {
        let value = quad(thread, 0)
            .to_i128_r(128, Round::TowardZero, &mut false)
            .value;
        give(thread, value as u128)
    }),
    ("__fixunstfsi", |thread| {
        let value = quad(thread, 0)
            .to_u128_r(32, Round::TowardZero, &mut false)
            .value;
        result(thread, value as u64)
    }),
    ("__fixunstfdi", |thread| {
        let value = quad(thread, 0)
            .to_u128_r(64, Round::TowardZero, &mut false)
            .value;
        result(thread, value as u64)
    }),
    ("__fixunstfti", |thread| {
        let value = quad(thread, 0)
            .to_u128_r(128, Round::TowardZero, &mut false)
            .value;
        give(thread, value)
    }),
    ("__floatsitf", |thread| {
        let value = Quad::from_i128(int(thread, 0).into()).value;
        leave(thread, value)
    }),
    ("__floatditf", |thread| {
        let value = Quad::from_i128((word(thread, 0) as i64).into()).value;
        leave(thread, value)
    }),
    ("__floattitf", |thread| {
        let value = Quad::from_i128(wide(thread, 0) as i128).value;
        leave(thread, value)
    }),
    ("__floatunsitf", |thread| {
        let value = Quad::from_u128((word(thread, 0) as u32).into()).value;
        leave(thread, value)
    }),
    ("__floatunditf", |thread| {
        let value = Quad::from_u128(word(thread, 0).into()).value;
        leave(thread, value)
    }),
    ("__floatuntitf", |thread| {
        let value = Quad::from_u128(wide(thread, 0)).value;
        leave(thread, value)
    }),
];

fn quad(thread: &Thread, first: usize) -> Quad {
    Quad::from_bits(bits(thread, first))
}

fn leave(thread: &mut Thread, value: Quad) -> Outcome {
    result_quad(thread, value.to_bits())
}

fn unary(thread: &mut Thread, operation: fn(Quad) -> Quad) -> Outcome {
    let value = operation(quad(thread, 0));
    leave(thread, value)
}

fn binary(thread: &mut Thread, operation: fn(Quad, Quad) -> Quad) -> Outcome {
    let value = operation(quad(thread, 0), quad(thread, 2));
    leave(thread, value)
}

fn round(thread: &mut Thread, round: Round) -> Outcome {
    let value = quad(thread, 0).round_to_integral(round).value;
    leave(thread, value)
}

fn scale(thread: &mut Thread) -> Outcome {
    let value = quad(thread, 0).scalbn(int(thread, 2));
    leave(thread, value)
}

fn compare(thread: &mut Thread, unordered: i32) -> Outcome {
    let order = quad(thread, 0).partial_cmp(&quad(thread, 2));
    let value = match order {
        Some(Ordering::Less) => -1,
        Some(Ordering::Equal) => 0,
        Some(Ordering::Greater) => 1,
        None => unordered,
    };
    result_int(thread, value)
}
