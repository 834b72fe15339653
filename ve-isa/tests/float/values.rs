//! Operands: what lies at the ends of formats, and random ones that meet there.

use proptest::prelude::*;

/// Bits of a format: those that are special, both signs of each.
pub fn edges(precision: u32, exponent_bits: u32) -> Vec<u128> {
    let fraction = precision - 1;
    let bias = (1u128 << (exponent_bits - 1)) - 1;
    let ones = (1u128 << exponent_bits) - 1;
    let normal = |exponent: u128, bits: u128| exponent << fraction | bits;
    let all = (1u128 << fraction) - 1;
    let quiet = 1u128 << (fraction - 1);
    let mut edges = vec![
        0,
        1,
        2,
        3,
        quiet,
        all - 1,
        all,
        normal(1, 0),
        normal(1, 1),
        normal(1, all),
        normal(2, 0),
        normal(2, all),
        normal(u128::from(fraction), 1),
        normal(bias / 2, 0),
        normal(bias / 2, all),
        normal(bias / 2 + 1, quiet | 1),
        normal(bias - u128::from(precision), 0),
        normal(bias - u128::from(precision), 1),
        normal(bias - 1, 0),
        normal(bias - 1, 1),
        normal(bias - 1, all),
        normal(bias, 0),
        normal(bias, 1),
        normal(bias, quiet),
        normal(bias, all),
        normal(bias + 1, 0),
        normal(bias + 1, quiet),
        normal(bias + u128::from(fraction), 1),
        normal(ones - 2, 0),
        normal(ones - 1, 0),
        normal(ones - 1, all - 1),
        normal(ones - 1, all),
        normal(ones, 0),
        normal(ones, quiet),
        normal(ones, quiet | 5),
        normal(ones, 1),
        normal(ones, quiet - 1),
    ];
    // Where integers of 32 and 64 bits end.
    for exponent in [30u128, 31, 32, 52, 62, 63, 64] {
        for bits in [0, 1, all] {
            if bias + exponent < ones - 1 {
                edges.push(normal(bias + exponent, bits));
            }
        }
    }
    let sign = 1u128 << (precision + exponent_bits - 1);
    edges.iter().flat_map(|&bits| [bits, bits | sign]).collect()
}

/// Bits of a format, most of them near another operand or near an end of the format when both are added, multiplied or divided.
pub fn operands(precision: u32, exponent_bits: u32) -> impl Strategy<Value = [u128; 3]> {
    let fraction = precision - 1;
    let ones = (1i64 << exponent_bits) - 1;
    let bias = ones / 2;
    let significand = prop_oneof![
        any::<u128>(),
        (0..fraction).prop_map(|bit| 1u128 << bit),
        (0..fraction).prop_map(|bit| !(1u128 << bit)),
        (0u128..4),
        (0u128..4).prop_map(|bits| !bits),
    ];
    let number = (significand, any::<bool>());
    let far = 0..=ones;
    let near = -(i64::from(precision) + 3)..=i64::from(precision) + 3;
    (
        far.clone(),
        far,
        near,
        0..7u8,
        [number.clone(), number.clone(), number],
    )
        .prop_map(move |(first, any, near, relation, numbers)| {
            let second = match relation {
                0 | 1 => first + near,               // sums that cancel or absorb
                2 => bias + 1 - first + near, // products that underflow: exponents add up to about 1
                3 => ones - 1 - first + bias + near, // products that overflow
                4 => first - 1 + bias + near, // quotients that underflow
                5 => first - ones + bias + near, // quotients that overflow
                _ => any,
            };
            let third = if relation % 2 == 0 {
                first + second - bias - near
            } else {
                any
            };
            let exponents = [first, second, third].map(|exponent| exponent.clamp(0, ones) as u128);
            let mut bits = [0; 3];
            for (bits, (exponent, (significand, negative))) in
                bits.iter_mut().zip(exponents.into_iter().zip(numbers))
            {
                *bits = u128::from(negative) << (precision + exponent_bits - 1)
                    | exponent << fraction
                    | significand & ((1 << fraction) - 1);
            }
            bits
        })
}
