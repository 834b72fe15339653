//! `math.h`: functions of `double` and `float`.
//!
//! They are the host's own, so they are as accurate as its C library; the last bit may differ from NEC's. Root, remainder, rounding and
//! multiply-add are exact everywhere.

use std::ops::{Div, MulAssign};

use rustc_apfloat::Round;

use super::call::{
    Outcome, Table, double, int, result, result_double, result_int, result_single, single, store,
    word,
};
use super::number::errno;
use crate::state::psw::RoundingMode;
use crate::thread::{Failure, Thread};

/// Calls a function of the host's C library, and passes on the error that it notes.
pub(super) fn noted<T>(thread: &Thread, call: impl FnOnce() -> T) -> T {
    // SAFETY: errno belongs to this thread, and is there for as long as it runs.
    unsafe { *errno() = 0 };
    let value = call();
    // SAFETY: as above.
    let error = unsafe { *errno() };
    if error != 0 {
        super::call::set_errno(thread, error);
    }
    value
}

/// Notes an error where numbers lead to none. The compiler has an instruction in place of some functions, which notes nothing.
fn note_domain(thread: &Thread, wrong: bool) {
    if wrong {
        super::call::set_errno(thread, libc::EDOM);
    }
}

/// Tables of functions from numbers to a number: the C library has each for `double` and, with an `f` behind its name, for `float`.
macro_rules! functions {
    ($table:ident: $($name:ident $single:ident ($($number:literal)*);)*) => {
        #[allow(non_snake_case, reason = "names of C")]
        mod $table {
            unsafe extern "C" {
                $(
                    pub(super) safe fn $name($(_: functions!(@double $number)),*) -> f64;
                    pub(super) safe fn $single($(_: functions!(@single $number)),*) -> f32;
                )*
            }
        }
        pub(super) const $table: Table = &[
            $(
                (stringify!($name), |thread| {
                    let value = noted(thread, || $table::$name($(double(thread, $number)),*));
                    let given = [$(double(thread, $number)),*];
                    note_domain(thread, value.is_nan() && !given.iter().any(|number| number.is_nan()));
                    result_double(thread, value)
                }),
                (stringify!($single), |thread| {
                    let value = noted(thread, || $table::$single($(single(thread, $number)),*));
                    let given = [$(single(thread, $number)),*];
                    note_domain(thread, value.is_nan() && !given.iter().any(|number| number.is_nan()));
                    result_single(thread, value)
                }),
            )*
        ];
    };
    (@double $number:literal) => { f64 };
    (@single $number:literal) => { f32 };
}

functions! {
    NUMBERS:
    acos acosf (0); acosh acoshf (0); asin asinf (0); asinh asinhf (0); atan atanf (0); atanh atanhf (0);
    cbrt cbrtf (0); ceil ceilf (0); cos cosf (0); cosh coshf (0); erf erff (0); erfc erfcf (0);
    exp expf (0); exp2 exp2f (0); exp10 exp10f (0); expm1 expm1f (0); fabs fabsf (0); floor floorf (0);
    log logf (0); log10 log10f (0); log1p log1pf (0); log2 log2f (0); logb logbf (0);
    round roundf (0); roundeven roundevenf (0); trunc truncf (0);
    sin sinf (0); sinh sinhf (0); sqrt sqrtf (0); tan tanf (0); tanh tanhf (0); tgamma tgammaf (0);
    j0 j0f (0); j1 j1f (0); y0 y0f (0); y1 y1f (0);
    atan2 atan2f (0 1); copysign copysignf (0 1); fdim fdimf (0 1); fmax fmaxf (0 1); fmin fminf (0 1);
    fmod fmodf (0 1); hypot hypotf (0 1); nextafter nextafterf (0 1); pow powf (0 1);
    remainder remainderf (0 1); drem dremf (0 1); fma fmaf (0 1 2);
}

unsafe extern "C" {
    safe fn lgamma_r(x: f64, sign: &mut i32) -> f64;
    safe fn lgammaf_r(x: f32, sign: &mut i32) -> f32;
    safe fn ldexp(x: f64, exponent: i32) -> f64;
    safe fn ldexpf(x: f32, exponent: i32) -> f32;
    safe fn frexp(x: f64, exponent: &mut i32) -> f64;
    safe fn frexpf(x: f32, exponent: &mut i32) -> f32;
    safe fn modf(x: f64, whole: &mut f64) -> f64;
    safe fn modff(x: f32, whole: &mut f32) -> f32;
    safe fn remquo(x: f64, y: f64, quotient: &mut i32) -> f64;
    safe fn remquof(x: f32, y: f32, quotient: &mut i32) -> f32;
    safe fn ilogb(x: f64) -> i32;
    safe fn ilogbf(x: f32) -> i32;
    safe fn jn(n: i32, x: f64) -> f64;
    safe fn yn(n: i32, x: f64) -> f64;
    safe fn jnf(n: i32, x: f32) -> f32;
    safe fn ynf(n: i32, x: f32) -> f32;
    safe fn lrint(x: f64) -> i64;
    safe fn lround(x: f64) -> i64;
    safe fn lroundf(x: f32) -> i64;
}

pub(super) const OTHERS: Table = &[
    ("lgamma", log_gamma),
    ("gamma", log_gamma),
    ("lgammaf", |thread| {
        let (x, mut sign) = (single(thread, 0), 0);
        let value = noted(thread, || lgammaf_r(x, &mut sign));
        store_sign(thread, sign)?;
        result_single(thread, value)
    }),
    ("gammaf", |thread| {
        let (x, mut sign) = (single(thread, 0), 0);
        let value = noted(thread, || lgammaf_r(x, &mut sign));
        store_sign(thread, sign)?;
        result_single(thread, value)
    }),
    ("lgammaf_r", |thread| {
        let (x, place, mut sign) = (single(thread, 0), word(thread, 1), 0);
        let value = noted(thread, || lgammaf_r(x, &mut sign));
        store::<4>(thread.window(), place, sign as u64)?;
        result_single(thread, value)
    }),
    ("lgamma_r", |thread| {
        let (x, place, mut sign) = (double(thread, 0), word(thread, 1), 0);
        let value = noted(thread, || lgamma_r(x, &mut sign));
        store::<4>(thread.window(), place, sign as u64)?;
        result_double(thread, value)
    }),
    ("ldexp", scale),
    ("scalbn", scale),
    ("scalbln", scale_long),
    ("ldexpf", scale_single),
    ("scalbnf", scale_single),
    ("scalblnf", scale_single),
    ("frexp", |thread| {
        let mut exponent = 0;
        let value = frexp(double(thread, 0), &mut exponent);
        store::<4>(thread.window(), word(thread, 1), exponent as u64)?;
        result_double(thread, value)
    }),
    ("frexpf", |thread| {
        let mut exponent = 0;
        let value = frexpf(single(thread, 0), &mut exponent);
        store::<4>(thread.window(), word(thread, 1), exponent as u64)?;
        result_single(thread, value)
    }),
    ("modf", |thread| {
        let mut whole = 0.0;
        let value = modf(double(thread, 0), &mut whole);
        store::<8>(thread.window(), word(thread, 1), whole.to_bits())?;
        result_double(thread, value)
    }),
    ("modff", |thread| {
        let mut whole = 0.0;
        let value = modff(single(thread, 0), &mut whole);
        store::<4>(thread.window(), word(thread, 1), whole.to_bits().into())?;
        result_single(thread, value)
    }),
    ("remquo", |thread| {
        let mut quotient = 0;
        let value = remquo(double(thread, 0), double(thread, 1), &mut quotient);
        store::<4>(thread.window(), word(thread, 2), quotient as u64)?;
        result_double(thread, value)
    }),
    ("remquof", |thread| {
        let mut quotient = 0;
        let value = remquof(single(thread, 0), single(thread, 1), &mut quotient);
        store::<4>(thread.window(), word(thread, 2), quotient as u64)?;
        result_single(thread, value)
    }),
    ("sincos", |thread| {
        let (x, sin, cos) = (double(thread, 0), word(thread, 1), word(thread, 2));
        store::<8>(thread.window(), sin, NUMBERS::sin(x).to_bits())?;
        store::<8>(thread.window(), cos, NUMBERS::cos(x).to_bits())
    }),
    ("sincosf", |thread| {
        let (x, sin, cos) = (single(thread, 0), word(thread, 1), word(thread, 2));
        store::<4>(thread.window(), sin, NUMBERS::sinf(x).to_bits().into())?;
        store::<4>(thread.window(), cos, NUMBERS::cosf(x).to_bits().into())
    }),
    ("ilogb", |thread| {
        let value = noted(thread, || ilogb(double(thread, 0)));
        result_int(thread, value)
    }),
    ("ilogbf", |thread| {
        let value = noted(thread, || ilogbf(single(thread, 0)));
        result_int(thread, value)
    }),
    ("jn", |thread| {
        let order = bessel_order(thread)?;
        let value = noted(thread, || jn(order, double(thread, 1)));
        result_double(thread, value)
    }),
    ("yn", |thread| {
        let value = noted(thread, || yn(int(thread, 0), double(thread, 1)));
        result_double(thread, value)
    }),
    ("pow10", |thread| {
        let value = noted(thread, || NUMBERS::exp10(double(thread, 0)));
        result_double(thread, value)
    }),
    ("significand", |thread| {
        let (x, mut exponent) = (double(thread, 0), 0);
        let value = 2.0 * frexp(x, &mut exponent);
        result_double(thread, value)
    }),
    ("isinff", |thread| {
        let x = single(thread, 0);
        let sign = if x.is_sign_negative() { -1 } else { 1 };
        result_int(thread, if x.is_infinite() { sign } else { 0 })
    }),
    ("jnf", |thread| {
        let order = bessel_order(thread)?;
        let value = noted(thread, || jnf(order, single(thread, 1)));
        result_single(thread, value)
    }),
    ("ynf", |thread| {
        let order = bessel_order(thread)?;
        let value = noted(thread, || ynf(order, single(thread, 1)));
        result_single(thread, value)
    }),
    ("rint", round_as_told),
    ("nearbyint", round_as_told),
    ("rintf", round_single_as_told),
    ("nearbyintf", round_single_as_told),
    ("lrint", |thread| {
        let value = lrint(to_integral(thread, double(thread, 0)));
        result(thread, value as u64)
    }),
    ("llrint", |thread| {
        let value = lrint(to_integral(thread, double(thread, 0)));
        result(thread, value as u64)
    }),
    ("lrintf", |thread| {
        let value = lrint(to_integral(thread, single(thread, 0).into()));
        result(thread, value as u64)
    }),
    ("llrintf", |thread| {
        let value = lrint(to_integral(thread, single(thread, 0).into()));
        result(thread, value as u64)
    }),
    ("lround", |thread| to_integer(thread, lround)),
    ("llround", |thread| to_integer(thread, lround)),
    ("lroundf", |thread| single_to_integer(thread, lroundf)),
    ("llroundf", |thread| single_to_integer(thread, lroundf)),
    ("nan", |thread| result_double(thread, f64::NAN)),
    ("nanf", |thread| result_single(thread, f32::NAN)),
    ("finite", is_finite),
    ("__finite", is_finite),
    ("finitef", is_finite_single),
    ("__finitef", is_finite_single),
    ("isnan", is_nan),
    ("__isnan", is_nan),
    ("isnanf", is_nan_single),
    ("__isnanf", is_nan_single),
    ("isinf", is_infinite),
    ("__isinf", is_infinite),
    ("__isinff", |thread| {
        let x = single(thread, 0);
        result_int(
            thread,
            if x.is_infinite() {
                x.signum() as i32
            } else {
                0
            },
        )
    }),
    ("__signbit", |thread| {
        let negative = double(thread, 0).is_sign_negative();
        result_int(thread, negative.into())
    }),
    ("__signbitf", |thread| {
        let negative = single(thread, 0).is_sign_negative();
        result_int(thread, negative.into())
    }),
    ("__fpclassify", |thread| {
        let class = double(thread, 0).classify();
        result_int(thread, class_number(class))
    }),
    ("__fpclassifyf", |thread| {
        let class = single(thread, 0).classify();
        result_int(thread, class_number(class))
    }),
    // These are the only functions that ncc calls by unusual names.
    ("__fast_rsqrt", |thread| {
        let value = 1.0 / double(thread, 0).sqrt();
        result_double(thread, value)
    }),
    ("__fast_rsqrtf", |thread| {
        let value = 1.0 / single(thread, 0).sqrt();
        result_single(thread, value)
    }),
    // compiler-rt: powers by repeated multiplication, and conversions that C code leaves to it.
    ("__powidf2", |thread| {
        let value = power(double(thread, 0), int(thread, 1));
        result_double(thread, value)
    }),
    ("__powisf2", |thread| {
        let value = power(single(thread, 0), int(thread, 1));
        result_single(thread, value)
    }),
];

/// A power by repeated multiplication, in the order of compiler-rt.
fn power<F>(mut base: F, exponent: i32) -> F
where
    F: Copy + From<u8> + MulAssign + Div<Output = F>,
{
    let (mut power, mut left) = (F::from(1), exponent.unsigned_abs());
    while left > 0 {
        if left & 1 == 1 {
            power *= base;
        }
        left >>= 1;
        if left > 0 {
            base *= base;
        }
    }
    if exponent < 0 {
        F::from(1) / power
    } else {
        power
    }
}

/// The sign of the gamma function is in a variable.
pub(super) fn store_sign(thread: &Thread, sign: i32) -> Outcome {
    match thread.process().variable("signgam") {
        Some(place) => store::<4>(thread.window(), place, sign as u64),
        None => Ok(()),
    }
}

fn log_gamma(thread: &mut Thread) -> Outcome {
    let (x, mut sign) = (double(thread, 0), 0);
    let value = noted(thread, || lgamma_r(x, &mut sign));
    store_sign(thread, sign)?;
    result_double(thread, value)
}

fn scale(thread: &mut Thread) -> Outcome {
    let value = noted(thread, || ldexp(double(thread, 0), int(thread, 1)));
    result_double(thread, value)
}

/// Beyond what an `int` holds, the result is what the largest one gives.
fn scale_long(thread: &mut Thread) -> Outcome {
    let exponent = (word(thread, 1) as i64).clamp(i32::MIN.into(), i32::MAX.into()) as i32;
    let value = noted(thread, || ldexp(double(thread, 0), exponent));
    result_double(thread, value)
}

fn scale_single(thread: &mut Thread) -> Outcome {
    let exponent = (word(thread, 1) as i64).clamp(i32::MIN.into(), i32::MAX.into()) as i32;
    let value = noted(thread, || ldexpf(single(thread, 0), exponent));
    result_single(thread, value)
}

/// The order of a Bessel function. The host's C library takes a step for each, which nobody can stop.
fn bessel_order(thread: &Thread) -> Result<i32, Failure> {
    const LARGEST: u32 = 1 << 24;
    let order = int(thread, 0);
    if order.unsigned_abs() > LARGEST {
        return Err(Failure::Why(format!(
            "was given the order {order}; the largest is {LARGEST}"
        )));
    }
    Ok(order)
}

/// The direction in which the thread rounds.
pub(super) fn rounded(thread: &Thread) -> Round {
    match thread.registers().psw.rounding() {
        RoundingMode::Zero => Round::TowardZero,
        RoundingMode::Up => Round::TowardPositive,
        RoundingMode::Down => Round::TowardNegative,
        RoundingMode::Nearest => Round::NearestTiesToEven,
    }
}

/// The integral number beside this one in the direction in which the thread rounds.
fn to_integral(thread: &Thread, x: f64) -> f64 {
    match rounded(thread) {
        Round::TowardZero => x.trunc(),
        Round::TowardPositive => x.ceil(),
        Round::TowardNegative => x.floor(),
        _ => x.round_ties_even(),
    }
}

fn round_as_told(thread: &mut Thread) -> Outcome {
    let value = to_integral(thread, double(thread, 0));
    result_double(thread, value)
}

fn round_single_as_told(thread: &mut Thread) -> Outcome {
    let value = to_integral(thread, single(thread, 0).into());
    result_single(thread, value as f32)
}

fn to_integer(thread: &mut Thread, function: extern "C" fn(f64) -> i64) -> Outcome {
    let value = function(double(thread, 0));
    result(thread, value as u64)
}

fn single_to_integer(thread: &mut Thread, function: extern "C" fn(f32) -> i64) -> Outcome {
    let value = function(single(thread, 0));
    result(thread, value as u64)
}

fn is_finite(thread: &mut Thread) -> Outcome {
    let finite = double(thread, 0).is_finite();
    result_int(thread, finite.into())
}

fn is_finite_single(thread: &mut Thread) -> Outcome {
    let finite = single(thread, 0).is_finite();
    result_int(thread, finite.into())
}

fn is_nan(thread: &mut Thread) -> Outcome {
    let nan = double(thread, 0).is_nan();
    result_int(thread, nan.into())
}

fn is_nan_single(thread: &mut Thread) -> Outcome {
    let nan = single(thread, 0).is_nan();
    result_int(thread, nan.into())
}

fn is_infinite(thread: &mut Thread) -> Outcome {
    let x = double(thread, 0);
    result_int(
        thread,
        if x.is_infinite() {
            x.signum() as i32
        } else {
            0
        },
    )
}

/// As the C library of Linux numbers the classes.
pub(super) fn class_number(class: std::num::FpCategory) -> i32 {
    use std::num::FpCategory;
    match class {
        FpCategory::Nan => 0,
        FpCategory::Infinite => 1,
        FpCategory::Zero => 2,
        FpCategory::Subnormal => 3,
        FpCategory::Normal => 4,
    }
}
