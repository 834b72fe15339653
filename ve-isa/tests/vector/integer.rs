//! Integers, bits and shifts against 128-bit arithmetic.

use crate::bench::{Bench, Case, Compare, Form, LENGTHS, Order, Scalars};
use ve_isa::encoding::Op;
use ve_isa::state::psw::{Flags, Psw, RoundingMode};
use ve_isa::trap::TrapKind;

const VALUES: [u64; 24] = [
    0,
    1,
    2,
    3,
    31,
    32,
    63,
    64,
    127,
    u64::MAX,
    u64::MAX - 1,
    i64::MAX as u64,
    i64::MIN as u64,
    i64::MIN as u64 + 1,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0xffff_ffff_0000_0000,
    0x7fff_ffff_7fff_ffff,
    0x8000_0000_8000_0000,
    0xffff_ffff_8000_0000,
    0x0000_0001_ffff_ffff,
    0x0123_4567_89ab_cdef,
];

const NONE: Flags = Flags::empty();

fn fits(value: i128, bits: u32) -> bool {
    value >= -(1 << (bits - 1)) && value < 1 << (bits - 1)
}

fn signed(value: u64, bits: u32) -> i128 {
    i128::from((value << (64 - bits)) as i64 >> (64 - bits))
}

fn unsigned(value: u64, bits: u32) -> i128 {
    i128::from(value << (64 - bits) >> (64 - bits))
}

fn cut(value: i128, bits: u32) -> u64 {
    (value as u64) << (64 - bits) >> (64 - bits)
}

fn clamp(value: i128, bits: u32) -> i128 {
    value.clamp(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
}

/// An operation on numbers of some width: value and flags of y and z as numbers, and whether they are signed.
struct Operation {
    signed: bool,
    order: Order,
    f: Function,
}

type Function = fn(i128, i128, u32) -> (i128, Flags);

fn overflowing(value: i128, bits: u32) -> (i128, Flags) {
    let flags = if fits(value, bits) {
        NONE
    } else {
        Flags::FIXED_OVERFLOW
    };
    (value, flags)
}

fn divided(y: i128, z: i128) -> (i128, Flags) {
    if z == 0 {
        (0, Flags::DIVISION)
    } else {
        (y / z, NONE)
    }
}

fn operation(name: &str) -> Operation {
    let (signed, order, f): (bool, Order, Function) = match name {
        "addu" => (false, Order::Yz, |y, z, _| (y + z, NONE)),
        "subu" => (false, Order::Yz, |y, z, _| (y - z, NONE)),
        "mulu" => (false, Order::Yz, |y, z, _| {
            ((y as u128).wrapping_mul(z as u128) as i128, NONE)
        }),
        "divu" => (false, Order::Yz, |y, z, _| divided(y, z)),
        "adds" => (true, Order::Yz, |y, z, bits| overflowing(y + z, bits)),
        "subs" => (true, Order::Yz, |y, z, bits| overflowing(y - z, bits)),
        "muls" => (true, Order::Yz, |y, z, bits| overflowing(y * z, bits)),
        "muls_wide" => (true, Order::Yz, |y, z, _| (y * z, NONE)),
        "divs" => (true, Order::Yz, |y, z, bits| {
            let (quotient, flags) = divided(y, z);
            (quotient, flags | overflowing(quotient, bits).1)
        }),
        "cmpu" => (false, Order::Yz, |y, z, bits| (clamp(y - z, bits), NONE)),
        "cmps" => (true, Order::Yz, |y, z, bits| (clamp(y - z, bits), NONE)),
        "maxs" => (true, Order::Yz, |y, z, _| (y.max(z), NONE)),
        "mins" => (true, Order::Yz, |y, z, _| (y.min(z), NONE)),
        "and" => (false, Order::Yz, |y, z, _| (y & z, NONE)),
        "or" => (false, Order::Yz, |y, z, _| (y | z, NONE)),
        "xor" => (false, Order::Yz, |y, z, _| (y ^ z, NONE)),
        "eqv" => (false, Order::Yz, |y, z, _| (!(y ^ z), NONE)),
        "ldz" => (false, Order::Z, |_, z, bits| {
            let zeros = (0..bits).rev().take_while(|bit| z >> bit & 1 == 0);
            (zeros.count() as i128, NONE)
        }),
        "pcnt" => (false, Order::Z, |_, z, bits| {
            ((0..bits).map(|bit| z >> bit & 1).sum(), NONE)
        }),
        "brv" => (false, Order::Z, |_, z, bits| {
            (
                (0..bits)
                    .map(|bit| (z >> bit & 1) << (bits - 1 - bit))
                    .sum(),
                NONE,
            )
        }),
        "sll" => (false, Order::Zy, |y, z, bits| {
            (
                (z as u128).wrapping_mul(1 << (y as u32 % bits)) as i128,
                NONE,
            )
        }),
        "srl" => (false, Order::Zy, |y, z, bits| {
            (z >> (y as u32 % bits), NONE)
        }),
        "sla" => (true, Order::Zy, |y, z, bits| {
            overflowing(z << (y as u32 % bits), bits)
        }),
        "sra" => (true, Order::Zy, |y, z, bits| (z >> (y as u32 % bits), NONE)),
        other => panic!("{other}"),
    };
    Operation { signed, order, f }
}

/// All instructions of y and z on integers: text, operation, width, the form, and whether 32 bits are extended by their sign.
fn instructions() -> Vec<(String, &'static str, u32, Form, bool)> {
    let mut all = Vec::new();
    let mut add = |text: &str, name, bits, form, sign| {
        all.push((text.to_owned(), name, bits, form, sign));
    };
    for name in ["addu", "subu", "cmpu"] {
        add(&format!("v{name}.l"), name, 64, Form::Whole, false);
        packed(&mut add, name);
    }
    for name in ["adds", "subs", "cmps", "maxs", "mins"] {
        add(&format!("v{name}.w.sx"), name, 32, Form::Whole, true);
        add(&format!("v{name}.l"), name, 64, Form::Whole, false);
        packed(&mut add, name);
    }
    for name in [
        "and", "or", "xor", "eqv", "ldz", "pcnt", "brv", "sll", "srl",
    ] {
        add(&format!("v{name}"), name, 64, Form::Whole, false);
        packed(&mut add, name);
    }
    for name in ["sla", "sra"] {
        add(&format!("v{name}.w.sx"), name, 32, Form::Whole, true);
        add(&format!("v{name}.l"), name, 64, Form::Whole, false);
        packed(&mut add, name);
    }
    for name in ["mulu", "divu"] {
        add(&format!("v{name}.l"), name, 64, Form::Whole, false);
        add(&format!("v{name}.w"), name, 32, Form::Whole, false);
    }
    for name in ["muls", "divs"] {
        add(&format!("v{name}.l"), name, 64, Form::Whole, false);
        add(&format!("v{name}.w.sx"), name, 32, Form::Whole, true);
        add(&format!("v{name}.w.zx"), name, 32, Form::Whole, false);
    }
    all
}

fn packed(add: &mut impl FnMut(&str, &'static str, u32, Form, bool), name: &'static str) {
    add(&format!("pv{name}.lo"), name, 32, Form::Lower, false);
    add(&format!("pv{name}.up"), name, 32, Form::Upper, false);
    add(&format!("pv{name}"), name, 32, Form::Packed, false);
}

#[test]
fn of_two_operands() {
    let mut bench = Bench::new();
    for (text, name, bits, form, sign) in instructions() {
        let operation = operation(name);
        let number = if operation.signed { signed } else { unsigned };
        let reference = |[y, z, _]: [u64; 3]| {
            // Counts are as wide as the operand.
            let (value, flags) = (operation.f)(number(y, bits), number(z, bits), bits);
            let value = cut(value, bits);
            let value = if sign {
                signed(value, bits) as u64
            } else {
                value
            };
            (value, flags)
        };
        let scalars = match operation.order {
            Order::Z => Scalars::None,
            _ if name.starts_with("div") => Scalars::YOrZ,
            _ => Scalars::Y,
        };
        let case = Case {
            mnemonic: &text,
            order: operation.order,
            scalars,
            form,
            compare: Compare::Bits,
            reference: &reference,
        };
        for length in LENGTHS.into_iter().chain([256; 6]) {
            bench.fill(&VALUES);
            case.check(&mut bench, length, RoundingMode::Nearest);
        }
    }
}

#[test]
fn wide_products_pairs_and_addresses() {
    let mut bench = Bench::new();
    let product = |[y, z, _]: [u64; 3]| {
        let (value, flags) = (operation("muls_wide").f)(signed(y, 32), signed(z, 32), 64);
        (value as u64, flags)
    };
    let case = Case {
        mnemonic: "vmuls.l.w",
        order: Order::Yz,
        scalars: Scalars::Y,
        form: Form::Whole,
        compare: Compare::Bits,
        reference: &product,
    };
    for length in LENGTHS {
        bench.fill(&VALUES);
        case.check(&mut bench, length, RoundingMode::Nearest);
    }
    for length in LENGTHS {
        for count in [0, 1, 31, 32, 33, 63, 64, 65, 127] {
            bench.fill(&VALUES);
            bench.set_length(length);
            for (text, which) in [
                (format!("vsld %v1, (%v2, %v3), {count}, %vm2"), 0),
                (format!("vsrd %v1, (%v2, %v3), {count}, %vm2"), 1),
                (format!("vsfa %v1, %v3, {}, %s1, %vm2", count % 8), 2),
            ] {
                let before = bench.cpu().clone();
                bench.run(&text).unwrap();
                for index in 0..256 {
                    let (y, z) = (before.vector(2)[index], before.vector(3)[index]);
                    let pair = u128::from(y) << 64 | u128::from(z);
                    let shifted = [
                        ((pair << count) >> 64) as u64,
                        (pair >> count) as u64,
                        z.wrapping_mul(1 << (count % 8))
                            .wrapping_add(before.scalar(1)),
                    ];
                    let on = index < length && crate::bench::bit(before.mask(2), index);
                    let expected = if on {
                        shifted[which]
                    } else {
                        before.vector(1)[index]
                    };
                    assert_eq!(bench.cpu().vector(1)[index], expected, "{text} {index}");
                }
            }
        }
    }
}

#[test]
fn halves_are_chosen() {
    let mut bench = Bench::new();
    for selector in 0..16_usize {
        bench.fill(&VALUES);
        bench.set_length(255);
        let before = bench.cpu().clone();
        bench
            .run(&format!("vshf %v2, %v2, %v3, {selector}"))
            .unwrap();
        for index in 0..256 {
            let (y, z) = (before.vector(2)[index], before.vector(3)[index]);
            let halves = [y >> 32, y & 0xffff_ffff, z >> 32, z & 0xffff_ffff];
            let expected = if index < 255 {
                halves[selector / 4] << 32 | halves[selector % 4]
            } else {
                y
            };
            assert_eq!(bench.cpu().vector(2)[index], expected, "{selector} {index}");
        }
    }
}

#[test]
fn an_instruction_that_traps_changes_nothing() {
    let mut bench = Bench::new();
    for (text, flags) in [
        ("vadds.l %v1, %v1, %v2", Flags::FIXED_OVERFLOW),
        ("pvadds %v1, %v1, %v2", Flags::FIXED_OVERFLOW),
        ("vdivs.w.sx %v1, %v1, %s0", Flags::DIVISION),
        ("vdivu.l %v1, %v1, 0", Flags::DIVISION),
    ] {
        bench.fill(&[i64::MAX as u64, i64::MIN as u64, 0x7fff_ffff_8000_0000]);
        bench.set_length(256);
        let enabled = u64::from(flags.bits()) << 6;
        bench.cpu().psw = Psw::from_bits(0x3000 | enabled);
        let before = bench.cpu().clone();
        assert_eq!(
            bench.run(text),
            Err(TrapKind::Arithmetic { flags }),
            "{text}"
        );
        assert_eq!(bench.cpu().vector(1), before.vector(1), "{text}");
        // Enabled for something else, it is noted only.
        bench.cpu().psw = Psw::from_bits(0x3000 | 1 << 6);
        assert_eq!(bench.run(text), Ok(()), "{text}");
        assert_eq!(bench.cpu().psw.flags(), flags);
        assert_ne!(bench.cpu().vector(1), before.vector(1), "{text}");
    }
}

#[test]
fn only_what_nobody_knows_is_not_emulated() {
    let mut bench = Bench::new();
    let mut unknown = Vec::new();
    for row in ve_isa::encoding::rows() {
        if row.value() >> 56 < 0x80 {
            continue;
        }
        bench.set_length(1);
        if let Err(TrapKind::Unimplemented { op, .. }) = bench.word(row.value()) {
            assert_eq!(op, row.op());
            unknown.push(op);
        }
    }
    assert_eq!(
        unknown,
        [
            Op::VfiamD,
            Op::VfiamS,
            Op::VfimaD,
            Op::VfimaS,
            Op::VfismD,
            Op::VfismS,
            Op::VfimsD,
            Op::VfimsS
        ]
    );
}
