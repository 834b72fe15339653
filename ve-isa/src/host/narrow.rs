//! Numbers of 16 bits, `_Float16` and `__bf16`: machine code keeps them as integers and calls functions for every conversion.

use rustc_apfloat::ieee::{BFloat, Double, Half, Single};
use rustc_apfloat::{Float, FloatConvert};

use super::call::{Outcome, Table, double, result, result_double, result_single, single, word};
use crate::thread::Thread;

pub(super) const TABLE: Table = &[
    ("__extendhfsf2", extend_half),
    ("__gnu_h2f_ieee", extend_half),
    ("__extendhfdf2", |thread| {
        let value = extended::<Half, Double>(narrow(thread));
        result_double(thread, f64::from_bits(value as u64))
    }),
    ("__extendbfsf2", |thread| {
        let value = extended::<BFloat, Single>(narrow(thread));
        result_single(thread, f32::from_bits(value as u32))
    }),
    ("__truncsfhf2", truncate_half),
    ("__gnu_f2h_ieee", truncate_half),
    ("__truncdfhf2", |thread| {
        let bits = double(thread, 0).to_bits();
        result(thread, truncated::<Double, Half>(bits.into()))
    }),
    ("__truncsfbf2", |thread| {
        let bits = single(thread, 0).to_bits();
        result(thread, truncated::<Single, BFloat>(bits.into()))
    }),
    ("__truncdfbf2", |thread| {
        let bits = double(thread, 0).to_bits();
        result(thread, truncated::<Double, BFloat>(bits.into()))
    }),
];

fn extend_half(thread: &mut Thread) -> Outcome {
    let value = extended::<Half, Single>(narrow(thread));
    result_single(thread, f32::from_bits(value as u32))
}

fn truncate_half(thread: &mut Thread) -> Outcome {
    let bits = single(thread, 0).to_bits();
    result(thread, truncated::<Single, Half>(bits.into()))
}

/// The argument; the caller leaves the bits above it as they were.
fn narrow(thread: &Thread) -> u16 {
    word(thread, 0) as u16
}

/// The bits of a number in a format that holds it exactly.
fn extended<From: FloatConvert<To>, To: Float>(bits: u16) -> u128 {
    From::from_bits(bits.into())
        .convert(&mut false)
        .value
        .to_bits()
}

/// The bits of the number of 16 bits that is nearest, of two the even one.
fn truncated<From: FloatConvert<To>, To: Float>(bits: u128) -> u64 {
    let narrow: To = From::from_bits(bits).convert(&mut false).value;
    narrow.to_bits() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formats: the bits of the fraction, the exponent of the least number.
    const HALF: (u32, i32) = (10, -24);
    const BRAIN: (u32, i32) = (7, -133);

    /// The number of some bits without a sign; those of infinity give the power of two behind all numbers.
    fn number((fraction, least): (u32, i32), bits: u16) -> f64 {
        let (exponent, rest) = (bits >> fraction, bits & ((1 << fraction) - 1));
        let hidden = if exponent == 0 { 0 } else { 1 << fraction };
        let scale = least + (i32::from(exponent) - 1).max(0);
        f64::from(hidden + rest) * 2_f64.powi(scale)
    }

    fn infinity((fraction, _): (u32, i32)) -> u16 {
        0x7fff >> fraction << fraction
    }

    /// The nearest number by comparison with all of them.
    fn nearest(numbers: &[f64], value: f64) -> u64 {
        let size = value.abs();
        let below = numbers.partition_point(|number| *number <= size) - 1;
        let Some(above) = numbers.get(below + 1) else {
            return below as u64;
        };
        let middle = numbers[below] / 2.0 + above / 2.0;
        let up = size > middle || size == middle && below % 2 == 1;
        (below + usize::from(up)) as u64
    }

    fn sign(bits: u64) -> u64 {
        bits >> 63 << 15
    }

    #[test]
    fn numbers_of_16_bits_are_extended_exactly() {
        for format in [HALF, BRAIN] {
            for bits in 0..=infinity(format) {
                let expected = if bits == infinity(format) {
                    f64::INFINITY
                } else {
                    number(format, bits)
                };
                for (bits, expected) in [(bits, expected), (bits | 0x8000, -expected)] {
                    let single = (expected as f32).to_bits();
                    if format == HALF {
                        assert_eq!(extended::<Half, Single>(bits), single.into());
                        let double = extended::<Half, Double>(bits);
                        assert_eq!(double, expected.to_bits().into());
                    } else {
                        assert_eq!(extended::<BFloat, Single>(bits), single.into());
                    }
                }
            }
        }
    }

    /// At each number, each middle of two and the numbers beside them: a step by 32 bits would round twice.
    #[test]
    fn numbers_are_rounded_to_16_bits_once() {
        for format in [HALF, BRAIN] {
            let all = 0..=infinity(format);
            let numbers: Vec<f64> = all.map(|bits| number(format, bits)).collect();
            let middles = numbers.windows(2).map(|two| two[0] / 2.0 + two[1] / 2.0);
            // An odd step meets odd ones, too, and keeps the test short.
            for value in numbers.iter().copied().chain(middles).step_by(9) {
                let bits = value.to_bits();
                for bits in [bits.saturating_sub(1), bits, bits + 1] {
                    for bits in [bits, bits | 1 << 63] {
                        let expected = nearest(&numbers, f64::from_bits(bits)) | sign(bits);
                        let result = if format == HALF {
                            truncated::<Double, Half>(bits.into())
                        } else {
                            truncated::<Double, BFloat>(bits.into())
                        };
                        assert_eq!(result, expected, "{bits:#x}");
                    }
                }
                let bits = (value as f32).to_bits();
                for bits in [bits.saturating_sub(1), bits, bits + 1] {
                    for bits in [bits, bits | 1 << 31] {
                        let value = f64::from(f32::from_bits(bits));
                        if value.is_nan() {
                            continue;
                        }
                        let expected = nearest(&numbers, value) | sign(value.to_bits());
                        let result = if format == HALF {
                            truncated::<Single, Half>(bits.into())
                        } else {
                            truncated::<Single, BFloat>(bits.into())
                        };
                        assert_eq!(result, expected, "{bits:#x}");
                    }
                }
            }
        }
    }

    /// The signaling ones, too, whose bits that remain may all be 0.
    #[test]
    fn a_nan_stays_a_nan() {
        for bits in [0x7f80_0001, 0x7fc0_0000, 0xffff_ffff_u32] {
            let half = truncated::<Single, Half>(bits.into());
            let brain = truncated::<Single, BFloat>(bits.into());
            let sign = u64::from(bits >> 31 << 15);
            assert_eq!(half & 0xfe00, sign | 0x7e00, "{bits:#x}");
            assert_eq!(brain & 0xffc0, sign | 0x7fc0, "{bits:#x}");
            assert!(f32::from_bits(extended::<Half, Single>(half as u16) as u32).is_nan());
            assert!(f32::from_bits(extended::<BFloat, Single>(brain as u16) as u32).is_nan());
        }
    }
}
