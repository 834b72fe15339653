//! Complex numbers of `long double`: what compilers call for products and quotients, and the functions that are a formula.
//!
//! One takes four registers: the real part in two, then the imaginary one.

use rustc_apfloat::Float;
use rustc_apfloat::ieee::Quad;

use super::call::{Outcome, Table, quad, result_quad};
use super::quad_math::call;
use crate::thread::Thread;

pub(super) const TABLE: Table = &[
    ("__multc3", |thread| {
        let value = multiply(numbers(thread));
        give(thread, value)
    }),
    ("__divtc3", |thread| {
        let value = divide(numbers(thread));
        give(thread, value)
    }),
    ("creall", |thread| {
        let re = quad(thread, 0);
        result_quad(thread, re)
    }),
    ("cimagl", |thread| {
        let im = quad(thread, 2);
        result_quad(thread, im)
    }),
    ("conjl", |thread| {
        let [re, im, ..] = numbers(thread);
        give(thread, (re, -im))
    }),
    ("cprojl", |thread| {
        let [re, im, ..] = numbers(thread);
        let value = if re.is_infinite() || im.is_infinite() {
            (Quad::INFINITY, Quad::ZERO.copy_sign(im))
        } else {
            (re, im)
        };
        give(thread, value)
    }),
    ("cabsl", |thread| {
        let value = call(
            thread,
            "hypotf128",
            &[quad(thread, 0), quad(thread, 2)],
            None,
        )?;
        result_quad(thread, value)
    }),
    ("cargl", |thread| {
        let value = call(
            thread,
            "atan2f128",
            &[quad(thread, 2), quad(thread, 0)],
            None,
        )?;
        result_quad(thread, value)
    }),
];

type QuadComplex = (Quad, Quad);

fn numbers(thread: &Thread) -> [Quad; 4] {
    [0, 2, 4, 6].map(|first| Quad::from_bits(quad(thread, first)))
}

fn give(thread: &mut Thread, (re, im): QuadComplex) -> Outcome {
    let words = [re.to_bits(), im.to_bits()].into_iter();
    for (index, bits) in words.enumerate() {
        let registers = thread.registers_mut();
        registers.set_scalar(2 * index, (bits >> 64) as u64);
        registers.set_scalar(2 * index + 1, bits as u64);
    }
    Ok(())
}

/// 1 or 0 with the sign of the number, as the part of a factor that is infinite.
fn boxed(number: Quad) -> Quad {
    let one = if number.is_infinite() { 1 } else { 0 };
    Quad::from_u128(one).value.copy_sign(number)
}

fn zero_if_nan(number: Quad) -> Quad {
    if number.is_nan() {
        Quad::ZERO.copy_sign(number)
    } else {
        number
    }
}

/// `a * c - b * d` and `a * d + b * c`.
fn product([a, b, c, d]: [Quad; 4]) -> QuadComplex {
    let of = |x: Quad, y: Quad| (x * y).value;
    ((of(a, c) - of(b, d)).value, (of(a, d) + of(b, c)).value)
}

fn scaled_by(factor: Quad, (re, im): QuadComplex) -> QuadComplex {
    ((factor * re).value, (factor * im).value)
}

/// As C's annex G wants it: infinite where a factor is.
fn multiply([mut a, mut b, mut c, mut d]: [Quad; 4]) -> QuadComplex {
    let (re, im) = product([a, b, c, d]);
    if !(re.is_nan() && im.is_nan()) {
        return (re, im);
    }
    let large = [(a, c), (b, d), (a, d), (b, c)]
        .iter()
        .any(|(x, y)| (*x * *y).value.is_infinite());
    let mut again = false;
    if a.is_infinite() || b.is_infinite() {
        (a, b) = (boxed(a), boxed(b));
        (c, d) = (zero_if_nan(c), zero_if_nan(d));
        again = true;
    }
    if c.is_infinite() || d.is_infinite() {
        (c, d) = (boxed(c), boxed(d));
        (a, b) = (zero_if_nan(a), zero_if_nan(b));
        again = true;
    }
    if !again && large {
        [a, b, c, d] = [a, b, c, d].map(zero_if_nan);
        again = true;
    }
    if again {
        scaled_by(Quad::INFINITY, product([a, b, c, d]))
    } else {
        (re, im)
    }
}

fn divide([mut a, mut b, mut c, mut d]: [Quad; 4]) -> QuadComplex {
    // The divisor is brought near 1, so that its square neither overflows nor vanishes.
    let largest = if c.abs() < d.abs() { d.abs() } else { c.abs() };
    let mut shift = 0;
    if largest.is_finite_non_zero() {
        shift = -largest.ilogb();
        (c, d) = (c.scalbn(shift), d.scalbn(shift));
    }
    let square = product([c, -d, c, d]).0;
    // By the conjugate.
    let (re, im) = product([a, b, c, -d]);
    let re = (re / square).value.scalbn(shift);
    let im = (im / square).value.scalbn(shift);
    if !(re.is_nan() && im.is_nan()) {
        return (re, im);
    }
    if square.is_zero() && !(a.is_nan() && b.is_nan()) {
        return scaled_by(Quad::INFINITY.copy_sign(c), (a, b));
    }
    if (a.is_infinite() || b.is_infinite()) && c.is_finite() && d.is_finite() {
        (a, b) = (boxed(a), boxed(b));
        return scaled_by(Quad::INFINITY, product([a, b, c, -d]));
    }
    if largest.is_infinite() && a.is_finite() && b.is_finite() {
        (c, d) = (boxed(c), boxed(d));
        return scaled_by(Quad::ZERO, product([a, b, c, -d]));
    }
    (re, im)
}
