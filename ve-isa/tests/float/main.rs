//! Float operations against IEEE 754's definition, and against the host's own unit.
//!
//! The exact unit in all rounding modes, the host's in the one it has, with all flags.

mod checks;
#[cfg(target_arch = "x86_64")]
mod hardware;
mod reference;
mod units;
mod values;

use proptest::prelude::*;
use ve_isa::semantics::float::{fadd_d, fmul_d};
use ve_isa::state::psw::{Flags, RoundingMode};
use veo_test_support as _;

use self::checks::*;
use self::units::{Double, Single, on_exact, on_host};

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
            check_binary::<Double>(y, z);
        }
    }
}

#[test]
fn edges_of_singles() {
    let edges = single_edges();
    for &y in &edges {
        check_single(y);
        for &z in &edges {
            check_binary::<Single>(y, z);
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
        check_fused::<Double>(y, z, doubles[i % 89 % doubles.len()]);
    }
    for (i, (&y, &z)) in singles
        .iter()
        .flat_map(|y| singles.iter().map(move |z| (y, z)))
        .enumerate()
    {
        check_fused::<Single>(y, z, singles[i % 89 % singles.len()]);
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
        check_binary::<Double>(y, z);
        check_fused::<Double>(y, z, w);
    }

    #[test]
    fn random_singles([y, z, w] in values::operands(24, 8)) {
        check_single(y);
        check_binary::<Single>(y, z);
        check_fused::<Single>(y, z, w);
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
