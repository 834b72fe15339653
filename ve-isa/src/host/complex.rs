//! The functions that compilers call for products and quotients of complex numbers, and the functions of `complex.h`,
//! which are the host's own.

use super::call::{Outcome, Table, double, result_double, result_pair, result_single, single};
use super::math::noted;
use crate::thread::Thread;

/// A complex number, as C passes it.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
struct Complex<T> {
    re: T,
    im: T,
}

impl Complex<f64> {
    fn argument(thread: &Thread, first: usize) -> Self {
        Self {
            re: double(thread, first),
            im: double(thread, first + 1),
        }
    }
}

impl Complex<f32> {
    fn argument(thread: &Thread, first: usize) -> Self {
        Self {
            re: single(thread, first),
            im: single(thread, first + 1),
        }
    }
}

/// Tables of functions of the host's C library, each for `double` and for `float`: to complex numbers, and to real ones.
macro_rules! functions {
    ($table:ident: $($name:ident $single:ident ($($first:literal)*);)* => $($real:ident $real_single:ident;)*) => {
        #[allow(non_snake_case, reason = "names of C")]
        mod $table {
            use super::Complex;
            unsafe extern "C" {
                $(
                    pub(super) safe fn $name($(_: functions!(@double $first)),*) -> Complex<f64>;
                    pub(super) safe fn $single($(_: functions!(@single $first)),*) -> Complex<f32>;
                )*
                $(
                    pub(super) safe fn $real(_: Complex<f64>) -> f64;
                    pub(super) safe fn $real_single(_: Complex<f32>) -> f32;
                )*
            }
        }
        pub(super) const $table: Table = &[
            $(
                (stringify!($name), |thread| {
                    let value = noted(thread, || $table::$name($(Complex::<f64>::argument(thread, $first)),*));
                    give(thread, (value.re, value.im))
                }),
                (stringify!($single), |thread| {
                    let value = noted(thread, || $table::$single($(Complex::<f32>::argument(thread, $first)),*));
                    give_singles(thread, (value.re, value.im))
                }),
            )*
            $(
                (stringify!($real), |thread| {
                    let value = noted(thread, || $table::$real(Complex::<f64>::argument(thread, 0)));
                    result_double(thread, value)
                }),
                (stringify!($real_single), |thread| {
                    let value = noted(thread, || $table::$real_single(Complex::<f32>::argument(thread, 0)));
                    result_single(thread, value)
                }),
            )*
        ];
    };
    (@double $first:literal) => { Complex<f64> };
    (@single $first:literal) => { Complex<f32> };
}

functions! {
    NUMBERS:
    cacos cacosf (0); cacosh cacoshf (0); casin casinf (0); casinh casinhf (0); catan catanf (0);
    catanh catanhf (0); ccos ccosf (0); ccosh ccoshf (0); cexp cexpf (0); clog clogf (0); cpow cpowf (0 2);
    cproj cprojf (0); csin csinf (0); csinh csinhf (0); csqrt csqrtf (0); ctan ctanf (0); ctanh ctanhf (0);
    => cabs cabsf; carg cargf;
}

pub(super) const OTHERS: Table = &[
    ("__muldc3", |thread| {
        let value = multiply(
            double(thread, 0),
            double(thread, 1),
            double(thread, 2),
            double(thread, 3),
        );
        give(thread, value)
    }),
    ("__divdc3", |thread| {
        let value = divide(
            double(thread, 0),
            double(thread, 1),
            double(thread, 2),
            double(thread, 3),
        );
        give(thread, value)
    }),
    ("__mulsc3", |thread| {
        let [a, b, c, d] = [0, 1, 2, 3].map(|number| single(thread, number).into());
        // Products of floats are exact as doubles; a sum of two rounds once more, as the C code does.
        let value = multiply_singles(a, b, c, d);
        give_singles(thread, value)
    }),
    ("__divsc3", |thread| {
        let [a, b, c, d] = [0, 1, 2, 3].map(|number| single(thread, number).into());
        let (re, im) = divide(a, b, c, d);
        give_singles(thread, (re as f32, im as f32))
    }),
    ("creal", |thread| {
        let value = double(thread, 0);
        result_double(thread, value)
    }),
    ("cimag", |thread| {
        let value = double(thread, 1);
        result_double(thread, value)
    }),
    ("crealf", |thread| {
        let value = single(thread, 0);
        result_single(thread, value)
    }),
    ("cimagf", |thread| {
        let value = single(thread, 1);
        result_single(thread, value)
    }),
    ("conj", |thread| {
        let value = (double(thread, 0), -double(thread, 1));
        give(thread, value)
    }),
    ("conjf", |thread| {
        let value = (single(thread, 0), -single(thread, 1));
        give_singles(thread, value)
    }),
];

fn give(thread: &mut Thread, (re, im): (f64, f64)) -> Outcome {
    result_pair(thread, re.to_bits(), im.to_bits())
}

fn give_singles(thread: &mut Thread, (re, im): (f32, f32)) -> Outcome {
    let word = |value: f32| u64::from(value.to_bits()) << 32;
    result_pair(thread, word(re), word(im))
}

/// 1 or 0 with the sign of the number, as the part of a factor that is infinite.
fn boxed(infinite: bool, sign: f64) -> f64 {
    if infinite { 1.0_f64 } else { 0.0 }.copysign(sign)
}

fn zero_if_nan(value: f64) -> f64 {
    if value.is_nan() {
        0.0_f64.copysign(value)
    } else {
        value
    }
}

/// The product of two infinite or finite numbers of which the plain formula has made NaNs, as C's annex G wants it; nothing if it stays.
fn infinite_product(mut a: f64, mut b: f64, mut c: f64, mut d: f64) -> Option<(f64, f64)> {
    let products = [a * c, b * d, a * d, b * c];
    let mut again = false;
    if a.is_infinite() || b.is_infinite() {
        (a, b) = (boxed(a.is_infinite(), a), boxed(b.is_infinite(), b));
        (c, d) = (zero_if_nan(c), zero_if_nan(d));
        again = true;
    }
    if c.is_infinite() || d.is_infinite() {
        (c, d) = (boxed(c.is_infinite(), c), boxed(d.is_infinite(), d));
        (a, b) = (zero_if_nan(a), zero_if_nan(b));
        again = true;
    }
    if !again && products.iter().any(|product| product.is_infinite()) {
        [a, b, c, d] = [a, b, c, d].map(zero_if_nan);
        again = true;
    }
    let infinity = f64::INFINITY;
    again.then_some((infinity * (a * c - b * d), infinity * (a * d + b * c)))
}

fn multiply(a: f64, b: f64, c: f64, d: f64) -> (f64, f64) {
    let (re, im) = (a * c - b * d, a * d + b * c);
    if re.is_nan() && im.is_nan() {
        return infinite_product(a, b, c, d).unwrap_or((re, im));
    }
    (re, im)
}

fn multiply_singles(a: f64, b: f64, c: f64, d: f64) -> (f32, f32) {
    let [ac, bd, ad, bc] = [a * c, b * d, a * d, b * c].map(|product| product as f32);
    let (re, im) = (ac - bd, ad + bc);
    if re.is_nan()
        && im.is_nan()
        && let Some((re, im)) = infinite_product(a, b, c, d)
    {
        return (re as f32, im as f32);
    }
    (re, im)
}

fn divide(mut a: f64, mut b: f64, mut c: f64, mut d: f64) -> (f64, f64) {
    // The divisor is brought near 1, so that its square neither overflows nor vanishes.
    let largest = c.abs().max(d.abs());
    let mut shift = 0;
    if largest.is_finite() && largest > 0.0 {
        let (_, exponent) = parts(largest);
        shift = -exponent;
        (c, d) = (scaled(c, shift), scaled(d, shift));
    }
    let square = c * c + d * d;
    let re = scaled((a * c + b * d) / square, shift);
    let im = scaled((b * c - a * d) / square, shift);
    if !(re.is_nan() && im.is_nan()) {
        return (re, im);
    }
    if square == 0.0 && !(a.is_nan() && b.is_nan()) {
        let infinity = f64::INFINITY.copysign(c);
        return (infinity * a, infinity * b);
    }
    let infinite = a.is_infinite() || b.is_infinite();
    if infinite && c.is_finite() && d.is_finite() {
        (a, b) = (boxed(a.is_infinite(), a), boxed(b.is_infinite(), b));
        let infinity = f64::INFINITY;
        return (infinity * (a * c + b * d), infinity * (b * c - a * d));
    }
    if largest.is_infinite() && a.is_finite() && b.is_finite() {
        (c, d) = (boxed(c.is_infinite(), c), boxed(d.is_infinite(), d));
        return (0.0 * (a * c + b * d), 0.0 * (b * c - a * d));
    }
    (re, im)
}

/// A number from 1 to 2, and the exponent.
fn parts(value: f64) -> (f64, i32) {
    let exponent = value.log2().floor() as i32;
    (scaled(value, -exponent), exponent)
}

/// `value * 2^exponent`, in steps that do not overflow by themselves.
fn scaled(value: f64, exponent: i32) -> f64 {
    let half = exponent / 2;
    value * 2.0_f64.powi(half) * 2.0_f64.powi(exponent - half)
}
