//! Integer operations against arithmetic of 128 bits, and against bit strings.
//!
//! Every operation on all pairs of edge values, and on random ones.

use proptest::prelude::*;
use ve_isa::semantics::integer::*;
use ve_isa::semantics::{bits::*, compare::*};
use ve_isa::state::psw::Flags;
use veo_test_support as _;

/// The result of an operation: the register and the exceptions.
type Result = (u64, Flags);
type Binary = fn(u64, u64) -> Result;

/// The width of an operation, and how its result fills the register.
#[derive(Clone, Copy)]
enum Form {
    Long,
    SignExtended,
    ZeroExtended,
}

impl Form {
    fn bits(self) -> u32 {
        if matches!(self, Form::Long) { 64 } else { 32 }
    }

    fn modulus(self) -> i128 {
        1 << self.bits()
    }

    fn unsigned(self, register: u64) -> i128 {
        i128::from(register) % self.modulus()
    }

    fn signed(self, register: u64) -> i128 {
        let value = self.unsigned(register);
        if value >= self.modulus() / 2 {
            value - self.modulus()
        } else {
            value
        }
    }

    fn fits(self, value: i128) -> bool {
        (-self.modulus() / 2..self.modulus() / 2).contains(&value)
    }

    /// The register that has this value modulo the width.
    fn register(self, value: i128) -> u64 {
        let low = value.rem_euclid(self.modulus());
        let negative = low >= self.modulus() / 2;
        match self {
            Form::SignExtended if negative => (low - self.modulus()).rem_euclid(1 << 64) as u64,
            _ => low as u64,
        }
    }

    fn unsigned_result(self, value: i128) -> Result {
        (self.register(value), Flags::empty())
    }

    fn signed_result(self, value: i128) -> Result {
        let flags = if self.fits(value) {
            Flags::empty()
        } else {
            Flags::FIXED_OVERFLOW
        };
        (self.register(value), flags)
    }

    fn clamped(self, value: i128) -> Result {
        let limit = self.modulus() / 2;
        self.unsigned_result(value.clamp(-limit, limit - 1))
    }

    fn quotient(self, y: i128, z: i128) -> Result {
        if z == 0 {
            (0, Flags::DIVISION)
        } else {
            self.signed_result(y / z)
        }
    }

    fn unsigned_quotient(self, y: i128, z: i128) -> Result {
        if z == 0 {
            (0, Flags::DIVISION)
        } else {
            self.unsigned_result(y / z)
        }
    }
}

use Form::{Long, SignExtended, ZeroExtended};

macro_rules! silent {
    ($($function:ident)*) => { $(mod $function {
        pub fn run(y: u64, z: u64) -> super::Result { (super::$function(y, z), super::Flags::empty()) }
    })* };
}

macro_rules! raising {
    ($($function:ident)*) => { $(mod $function {
        pub fn run(y: u64, z: u64) -> super::Result {
            let outcome = super::$function(y, z);
            (outcome.value, outcome.flags)
        }
    })* };
}

silent! { addu_l addu_w subu_l subu_w mulu_l mulu_w muls_l_w cmpu_l cmpu_w cmps_l cmps_w_sx cmps_w_zx maxs_l mins_l
maxs_w_sx maxs_w_zx mins_w_sx mins_w_zx and or xor eqv nnd sll srl sra_l sra_w_sx sra_w_zx }
raising! { adds_l adds_w_sx adds_w_zx subs_l subs_w_sx subs_w_zx muls_l muls_w_sx muls_w_zx divu_l divu_w divs_l divs_w_sx
divs_w_zx sla_l sla_w_sx sla_w_zx }

/// Every operation of two operands, with its reference.
const BINARY: &[(&str, Binary, Binary)] = &[
    ("addu.l", addu_l::run, |y, z| {
        Long.unsigned_result(Long.unsigned(y) + Long.unsigned(z))
    }),
    ("addu.w", addu_w::run, |y, z| {
        ZeroExtended.unsigned_result(ZeroExtended.unsigned(y) + ZeroExtended.unsigned(z))
    }),
    ("adds.l", adds_l::run, |y, z| {
        Long.signed_result(Long.signed(y) + Long.signed(z))
    }),
    ("adds.w.sx", adds_w_sx::run, |y, z| {
        SignExtended.signed_result(SignExtended.signed(y) + SignExtended.signed(z))
    }),
    ("adds.w.zx", adds_w_zx::run, |y, z| {
        ZeroExtended.signed_result(ZeroExtended.signed(y) + ZeroExtended.signed(z))
    }),
    ("subu.l", subu_l::run, |y, z| {
        Long.unsigned_result(Long.unsigned(y) - Long.unsigned(z))
    }),
    ("subu.w", subu_w::run, |y, z| {
        ZeroExtended.unsigned_result(ZeroExtended.unsigned(y) - ZeroExtended.unsigned(z))
    }),
    ("subs.l", subs_l::run, |y, z| {
        Long.signed_result(Long.signed(y) - Long.signed(z))
    }),
    ("subs.w.sx", subs_w_sx::run, |y, z| {
        SignExtended.signed_result(SignExtended.signed(y) - SignExtended.signed(z))
    }),
    ("subs.w.zx", subs_w_zx::run, |y, z| {
        ZeroExtended.signed_result(ZeroExtended.signed(y) - ZeroExtended.signed(z))
    }),
    ("mulu.l", mulu_l::run, |y, z| {
        (
            ((u128::from(y) * u128::from(z)) & u128::from(u64::MAX)) as u64,
            Flags::empty(),
        )
    }),
    ("mulu.w", mulu_w::run, |y, z| {
        ZeroExtended.unsigned_result(ZeroExtended.unsigned(y) * ZeroExtended.unsigned(z))
    }),
    ("muls.l", muls_l::run, |y, z| {
        Long.signed_result(Long.signed(y) * Long.signed(z))
    }),
    ("muls.w.sx", muls_w_sx::run, |y, z| {
        SignExtended.signed_result(SignExtended.signed(y) * SignExtended.signed(z))
    }),
    ("muls.w.zx", muls_w_zx::run, |y, z| {
        ZeroExtended.signed_result(ZeroExtended.signed(y) * ZeroExtended.signed(z))
    }),
    ("muls.l.w", muls_l_w::run, |y, z| {
        Long.signed_result(SignExtended.signed(y) * SignExtended.signed(z))
    }),
    ("divu.l", divu_l::run, |y, z| {
        Long.unsigned_quotient(Long.unsigned(y), Long.unsigned(z))
    }),
    ("divu.w", divu_w::run, |y, z| {
        ZeroExtended.unsigned_quotient(ZeroExtended.unsigned(y), ZeroExtended.unsigned(z))
    }),
    ("divs.l", divs_l::run, |y, z| {
        Long.quotient(Long.signed(y), Long.signed(z))
    }),
    ("divs.w.sx", divs_w_sx::run, |y, z| {
        SignExtended.quotient(SignExtended.signed(y), SignExtended.signed(z))
    }),
    ("divs.w.zx", divs_w_zx::run, |y, z| {
        ZeroExtended.quotient(ZeroExtended.signed(y), ZeroExtended.signed(z))
    }),
    ("cmpu.l", cmpu_l::run, |y, z| {
        Long.clamped(Long.unsigned(y) - Long.unsigned(z))
    }),
    ("cmpu.w", cmpu_w::run, |y, z| {
        SignExtended.clamped(ZeroExtended.unsigned(y) - ZeroExtended.unsigned(z))
    }),
    ("cmps.l", cmps_l::run, |y, z| {
        Long.clamped(Long.signed(y) - Long.signed(z))
    }),
    ("cmps.w.sx", cmps_w_sx::run, |y, z| {
        SignExtended.clamped(SignExtended.signed(y) - SignExtended.signed(z))
    }),
    ("cmps.w.zx", cmps_w_zx::run, |y, z| {
        ZeroExtended.clamped(ZeroExtended.signed(y) - ZeroExtended.signed(z))
    }),
    ("maxs.l", maxs_l::run, |y, z| {
        Long.unsigned_result(Long.signed(y).max(Long.signed(z)))
    }),
    ("mins.l", mins_l::run, |y, z| {
        Long.unsigned_result(Long.signed(y).min(Long.signed(z)))
    }),
    ("maxs.w.sx", maxs_w_sx::run, |y, z| {
        SignExtended.unsigned_result(SignExtended.signed(y).max(SignExtended.signed(z)))
    }),
    ("maxs.w.zx", maxs_w_zx::run, |y, z| {
        ZeroExtended.unsigned_result(ZeroExtended.signed(y).max(ZeroExtended.signed(z)))
    }),
    ("mins.w.sx", mins_w_sx::run, |y, z| {
        SignExtended.unsigned_result(SignExtended.signed(y).min(SignExtended.signed(z)))
    }),
    ("mins.w.zx", mins_w_zx::run, |y, z| {
        ZeroExtended.unsigned_result(ZeroExtended.signed(y).min(ZeroExtended.signed(z)))
    }),
    ("and", and::run, |y, z| {
        bitwise(&[y, z], |bits| bits[0] && bits[1])
    }),
    ("or", or::run, |y, z| {
        bitwise(&[y, z], |bits| bits[0] || bits[1])
    }),
    ("xor", xor::run, |y, z| {
        bitwise(&[y, z], |bits| bits[0] != bits[1])
    }),
    ("eqv", eqv::run, |y, z| {
        bitwise(&[y, z], |bits| bits[0] == bits[1])
    }),
    ("nnd", nnd::run, |y, z| {
        bitwise(&[y, z], |bits| !bits[0] && bits[1])
    }),
    ("sll", sll::run, |z, y| {
        Long.unsigned_result(times_power(Long.unsigned(z), y % 64, 64))
    }),
    ("srl", srl::run, |z, y| {
        Long.unsigned_result(Long.unsigned(z).div_euclid(1 << (y % 64)))
    }),
    ("sra.l", sra_l::run, |z, y| {
        Long.unsigned_result(Long.signed(z).div_euclid(1 << (y % 64)))
    }),
    ("sra.w.sx", sra_w_sx::run, |z, y| {
        SignExtended.unsigned_result(SignExtended.signed(z).div_euclid(1 << (y % 32)))
    }),
    ("sra.w.zx", sra_w_zx::run, |z, y| {
        ZeroExtended.unsigned_result(ZeroExtended.signed(z).div_euclid(1 << (y % 32)))
    }),
    ("sla.l", sla_l::run, |z, y| {
        Long.signed_result(Long.signed(z) * (1 << (y % 64)))
    }),
    ("sla.w.sx", sla_w_sx::run, |z, y| {
        SignExtended.signed_result(SignExtended.signed(z) * (1 << (y % 32)))
    }),
    ("sla.w.zx", sla_w_zx::run, |z, y| {
        ZeroExtended.signed_result(ZeroExtended.signed(z) * (1 << (y % 32)))
    }),
];

/// `value * 2^count` modulo `2^width`, by doubling.
fn times_power(value: i128, count: u64, width: u32) -> i128 {
    (0..count).fold(value, |value, _| (2 * value) % (1 << width))
}

/// A truth table for each bit.
fn bitwise(operands: &[u64], table: fn(&[bool]) -> bool) -> Result {
    let bit = |i: u32| {
        operands
            .iter()
            .map(|operand| operand >> i & 1 == 1)
            .collect::<Vec<_>>()
    };
    let set = (0..64).filter(|&i| table(&bit(i))).map(|i| 1u64 << i).sum();
    (set, Flags::empty())
}

/// The values at the ends of widths and signs, in both halves.
fn edges() -> Vec<u64> {
    let mut edges = vec![];
    for half in [
        0u32,
        1,
        2,
        3,
        31,
        32,
        33,
        63,
        64,
        65,
        127,
        128,
        0x7fff_fffe,
        0x7fff_ffff,
        0x8000_0000,
        0x8000_0001,
        u32::MAX - 1,
        u32::MAX,
    ] {
        for upper in [0u64, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x5a5a_a5a5] {
            edges.push(upper << 32 | u64::from(half));
        }
    }
    edges
}

fn check_binary(y: u64, z: u64) {
    for (name, function, reference) in BINARY {
        let (found, expected) = (function(y, z), reference(y, z));
        assert_eq!(
            found, expected,
            "{name} of {y:#x}, {z:#x}: {:#x}, not {:#x}",
            found.0, expected.0
        );
    }
}

/// A number as a string of binary digits, the highest first.
fn digits(value: u64) -> String {
    format!("{value:064b}")
}

fn number(digits: &str) -> u64 {
    u64::from_str_radix(digits, 2).unwrap()
}

fn check_unary(z: u64) {
    let text = digits(z);
    assert_eq!(ldz(z), text.find('1').unwrap_or(64) as u64, "ldz {z:#x}");
    assert_eq!(pcnt(z), text.matches('1').count() as u64, "pcnt {z:#x}");
    assert_eq!(
        brv(z),
        number(&text.chars().rev().collect::<String>()),
        "brv {z:#x}"
    );
    let bytes: Vec<&str> = (0..8).map(|i| &text[8 * i..8 * i + 8]).collect();
    let order = |order: [usize; 8]| number(&order.map(|i| bytes[i]).concat());
    assert_eq!(
        bswp(z, 0),
        order([7, 6, 5, 4, 3, 2, 1, 0]),
        "bswp {z:#x}, 0"
    );
    assert_eq!(
        bswp(z, 1),
        order([3, 2, 1, 0, 7, 6, 5, 4]),
        "bswp {z:#x}, 1"
    );
}

fn check_ternary(x: u64, y: u64, z: u64) {
    let (expected, _) = bitwise(&[x, y, z], |bits| if bits[2] { bits[1] } else { bits[0] });
    assert_eq!(mrg(x, y, z), expected, "mrg of {x:#x}, {y:#x}, {z:#x}");

    let count = (y % 128) as usize;
    let left = digits(x) + &digits(z) + &"0".repeat(128);
    assert_eq!(
        sld(x, z, y),
        number(&left[count..count + 64]),
        "sld of {x:#x}, {z:#x}, {y:#x}"
    );
    let right = "0".repeat(128) + &digits(z) + &digits(x);
    assert_eq!(
        srd(x, z, y),
        number(&right[192 - count..256 - count]),
        "srd of {x:#x}, {z:#x}, {y:#x}"
    );
}

#[test]
fn edge_values() {
    let edges = edges();
    for &y in &edges {
        check_unary(y);
        for &z in &edges {
            check_binary(y, z);
        }
    }
}

#[test]
fn edge_values_of_three_operands() {
    let edges: Vec<u64> = edges().into_iter().step_by(5).collect();
    for &x in &edges {
        for &y in &edges {
            for &z in &edges {
                check_ternary(x, y, z);
            }
        }
    }
}

#[test]
fn all_shift_counts() {
    for z in [
        1,
        0x8000_0000_0000_0001,
        0x4000_0000_4000_0000,
        0xffff_ffff_8000_0000,
        u64::MAX,
    ] {
        for count in 0..=130 {
            check_binary(z, count);
            check_ternary(!z, count, z);
        }
    }
}

proptest! {
    #[test]
    fn random_values(x: u64, y: u64, z: u64, small in 0u64..70) {
        check_unary(z);
        check_binary(y, z);
        check_binary(z, small);
        check_ternary(x, y, z);
    }
}
