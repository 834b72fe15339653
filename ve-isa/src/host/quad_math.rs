//! `math.h`: functions of `long double` that are not exact.
//!
//! They are those of the host's C library for numbers of 128 bits (`sinf128` and so on), found by their names: not every C library has them.

use std::ffi::CString;

use rustc_apfloat::ieee::{Double, Quad, Single};
use rustc_apfloat::{Float, FloatConvert, Round};

use super::call::{
    Outcome, Table, double, quad, result, result_double, result_int, result_quad, result_single,
    single, store, word, write,
};
use super::math::{class_number, noted, rounded, store_sign};
use crate::thread::{Failure, Thread};

/// Tables of functions from numbers to a number.
macro_rules! functions {
    ($table:ident: $($name:literal $host:literal ($($first:literal)*);)*) => {
        pub(super) const $table: Table = &[$(
            ($name, |thread| {
                let value = call(thread, $host, &[$(quad(thread, $first)),*], None)?;
                result_quad(thread, value)
            }),
        )*];
    };
}

functions! {
    NUMBERS:
    "acosl" "acosf128" (0); "acoshl" "acoshf128" (0); "asinl" "asinf128" (0); "asinhl" "asinhf128" (0);
    "atanl" "atanf128" (0); "atanhl" "atanhf128" (0); "cbrtl" "cbrtf128" (0); "cosl" "cosf128" (0);
    "coshl" "coshf128" (0); "erfl" "erff128" (0); "erfcl" "erfcf128" (0); "expl" "expf128" (0);
    "exp2l" "exp2f128" (0); "exp10l" "exp10f128" (0); "pow10l" "exp10f128" (0); "expm1l" "expm1f128" (0);
    "logl" "logf128" (0); "log10l" "log10f128" (0); "log1pl" "log1pf128" (0); "log2l" "log2f128" (0);
    "logbl" "logbf128" (0); "sinl" "sinf128" (0); "sinhl" "sinhf128" (0); "sqrtl" "sqrtf128" (0);
    "tanl" "tanf128" (0); "tanhl" "tanhf128" (0); "tgammal" "tgammaf128" (0);
    "atan2l" "atan2f128" (0 2); "fdiml" "fdimf128" (0 2); "hypotl" "hypotf128" (0 2);
    "nextafterl" "nextafterf128" (0 2); "nexttowardl" "nextafterf128" (0 2); "powl" "powf128" (0 2);
}

pub(super) const OTHERS: Table = &[
    ("lgammal", |thread| {
        let mut sign = 0;
        let value = call(thread, "lgammaf128_r", &[quad(thread, 0)], Some(&mut sign))?;
        store_sign(thread, sign)?;
        result_quad(thread, value)
    }),
    ("lgammal_r", |thread| {
        let (place, mut sign) = (word(thread, 2), 0);
        let value = call(thread, "lgammaf128_r", &[quad(thread, 0)], Some(&mut sign))?;
        store::<4>(thread.window(), place, sign as u64)?;
        result_quad(thread, value)
    }),
    ("remquol", |thread| {
        let (place, mut quotient) = (word(thread, 4), 0);
        let numbers = [quad(thread, 0), quad(thread, 2)];
        let value = call(thread, "remquof128", &numbers, Some(&mut quotient))?;
        store::<4>(thread.window(), place, quotient as u64)?;
        result_quad(thread, value)
    }),
    ("sincosl", |thread| {
        let (x, sin, cos) = (quad(thread, 0), word(thread, 2), word(thread, 3));
        for (host, place) in [("sinf128", sin), ("cosf128", cos)] {
            let value = call(thread, host, &[x], None)?;
            write(thread.window(), place, &value.to_le_bytes())?;
        }
        Ok(())
    }),
    ("modfl", |thread| {
        let (x, place) = (number(thread), word(thread, 2));
        let whole = x.round_to_integral(Round::TowardZero).value;
        let part = if x.is_infinite() {
            Quad::ZERO
        } else {
            (x - whole).value
        };
        write(thread.window(), place, &whole.to_bits().to_le_bytes())?;
        let part = if x.is_nan() { x } else { part.copy_sign(x) };
        result_quad(thread, part.to_bits())
    }),
    ("ilogbl", |thread| {
        let value = match number(thread).ilogb() {
            rustc_apfloat::IEK_NAN | rustc_apfloat::IEK_ZERO => i32::MIN,
            exponent => exponent,
        };
        result_int(thread, value)
    }),
    ("lrintl", |thread| to_integer(thread, None)),
    ("llrintl", |thread| to_integer(thread, None)),
    ("lroundl", |thread| {
        to_integer(thread, Some(Round::NearestTiesToAway))
    }),
    ("llroundl", |thread| {
        to_integer(thread, Some(Round::NearestTiesToAway))
    }),
    ("rintl", round),
    ("nearbyintl", round),
    ("nanl", |thread| result_quad(thread, Quad::NAN.to_bits())),
    ("finitel", is_finite),
    ("__finitel", is_finite),
    ("isnanl", is_nan),
    ("__isnanl", is_nan),
    ("isinfl", is_infinite),
    ("__isinfl", is_infinite),
    ("__signbitl", |thread| {
        let negative = number(thread).is_negative();
        result_int(thread, negative.into())
    }),
    ("__fpclassifyl", |thread| {
        use std::num::FpCategory;
        let x = number(thread);
        let class = if x.is_nan() {
            FpCategory::Nan
        } else if x.is_infinite() {
            FpCategory::Infinite
        } else if x.is_zero() {
            FpCategory::Zero
        } else if x.is_denormal() {
            FpCategory::Subnormal
        } else {
            FpCategory::Normal
        };
        result_int(thread, class_number(class))
    }),
    // Towards a `long double`.
    ("nexttoward", |thread| {
        let (x, to) = (double(thread, 0), Quad::from_bits(quad(thread, 2)));
        let own: Quad = Double::from_bits(x.to_bits().into())
            .convert(&mut false)
            .value;
        let next = match own.partial_cmp(&to) {
            None => f64::NAN,
            Some(std::cmp::Ordering::Equal) => {
                let to: Double = to.convert(&mut false).value;
                f64::from_bits(to.to_bits() as u64)
            }
            Some(std::cmp::Ordering::Less) => x.next_up(),
            Some(std::cmp::Ordering::Greater) => x.next_down(),
        };
        result_double(thread, next)
    }),
    ("nexttowardf", |thread| {
        let (x, to) = (single(thread, 0), Quad::from_bits(quad(thread, 2)));
        let own: Quad = Single::from_bits(x.to_bits().into())
            .convert(&mut false)
            .value;
        let next = match own.partial_cmp(&to) {
            None => f32::NAN,
            Some(std::cmp::Ordering::Equal) => {
                let to: Single = to.convert(&mut false).value;
                f32::from_bits(to.to_bits() as u32)
            }
            Some(std::cmp::Ordering::Less) => x.next_up(),
            Some(std::cmp::Ordering::Greater) => x.next_down(),
        };
        result_single(thread, next)
    }),
];

fn number(thread: &Thread) -> Quad {
    Quad::from_bits(quad(thread, 0))
}

fn round(thread: &mut Thread) -> Outcome {
    let direction = rounded(thread);
    let value = number(thread).round_to_integral(direction).value;
    result_quad(thread, value.to_bits())
}

fn to_integer(thread: &mut Thread, direction: Option<Round>) -> Outcome {
    let direction = direction.unwrap_or_else(|| rounded(thread));
    let x = number(thread);
    // Out of range, the host's instruction for shorter floats gives this, too.
    let converted = x.to_i128_r(64, direction, &mut false);
    let invalid = converted.status.contains(rustc_apfloat::Status::INVALID_OP);
    let value = if invalid {
        i64::MIN
    } else {
        converted.value as i64
    };
    result(thread, value as u64)
}

fn is_finite(thread: &mut Thread) -> Outcome {
    let finite = number(thread).is_finite();
    result_int(thread, finite.into())
}

fn is_nan(thread: &mut Thread) -> Outcome {
    let nan = number(thread).is_nan();
    result_int(thread, nan.into())
}

fn is_infinite(thread: &mut Thread) -> Outcome {
    let x = number(thread);
    let sign = if x.is_negative() { -1 } else { 1 };
    result_int(thread, if x.is_infinite() { sign } else { 0 })
}

/// Calls a function of up to two numbers, and of a place for an `int` behind them.
pub(super) fn call(
    thread: &Thread,
    name: &str,
    numbers: &[u128],
    place: Option<&mut i32>,
) -> Result<u128, Failure> {
    let symbol = CString::new(name).unwrap_or_default();
    // SAFETY: the name is a string.
    let function = unsafe { libc::dlsym(libc::RTLD_DEFAULT, symbol.as_ptr()) };
    if function.is_null() {
        let why = format!("needs {name} of the host's C library, which does not have it");
        return Err(Failure::Why(why));
    }
    let first = numbers.first().copied().unwrap_or(0);
    let second = numbers.get(1).copied().unwrap_or(0);
    let place = place.map_or(std::ptr::null_mut(), |place| place as *mut i32);
    // SAFETY: the C library's function of this name takes such numbers, and a place for an int only where there is one.
    Ok(noted(thread, || unsafe {
        raw_call(function, first, second, place)
    }))
}

/// # Safety
/// The function takes up to two numbers of 128 bits, and then the place if it takes one.
#[cfg(target_arch = "x86_64")]
unsafe fn raw_call(
    function: *mut libc::c_void,
    first: u128,
    second: u128,
    place: *mut i32,
) -> u128 {
    use std::arch::x86_64::__m128i;
    let result: __m128i;
    // SAFETY: as this function's own. All that a C function may change is said to change. A number of 128 bits is any `__m128i`.
    unsafe {
        std::arch::asm!(
            "call {function}",
            function = in(reg) function,
            inout("xmm0") std::mem::transmute::<u128, __m128i>(first) => result,
            in("xmm1") std::mem::transmute::<u128, __m128i>(second),
            in("rdi") place,
            clobber_abi("C"),
        );
        std::mem::transmute::<__m128i, u128>(result)
    }
}

/// # Safety
/// The function takes up to two numbers of 128 bits, and then the place if it takes one.
#[cfg(target_arch = "aarch64")]
unsafe fn raw_call(
    function: *mut libc::c_void,
    first: u128,
    second: u128,
    place: *mut i32,
) -> u128 {
    use std::arch::aarch64::uint64x2_t;
    let result: uint64x2_t;
    // SAFETY: as this function's own. All that a C function may change is said to change. A number of 128 bits is any `uint64x2_t`.
    unsafe {
        std::arch::asm!(
            "blr {function}",
            function = in(reg) function,
            inout("v0") std::mem::transmute::<u128, uint64x2_t>(first) => result,
            in("v1") std::mem::transmute::<u128, uint64x2_t>(second),
            in("x0") place,
            clobber_abi("C"),
        );
        std::mem::transmute::<uint64x2_t, u128>(result)
    }
}
