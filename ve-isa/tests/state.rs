//! The status word, conditions, addresses and atomic operations against tables.

use ve_isa::encoding::ConditionCode;
use ve_isa::semantics::address::*;
use ve_isa::semantics::atomic::*;
use ve_isa::semantics::control::*;
use ve_isa::state::psw::{Flags, Psw, RoundingMode};
use veo_test_support as _;

#[test]
fn status_word() {
    let mut psw = Psw::default();
    assert_eq!((psw.bits(), psw.sfr(), psw.spm()), (0x3000, 0, 0x3000));
    assert!(psw.is_plain());

    for (bits, rounding) in [
        (0u64, RoundingMode::Zero),
        (1, RoundingMode::Up),
        (2, RoundingMode::Down),
        (3, RoundingMode::Nearest),
    ] {
        psw.lpm(bits << 12 | 0xffff_ffff_ffff_c03f);
        assert_eq!((psw.rounding(), psw.bits()), (rounding, bits << 12));
        assert_eq!(psw.is_plain(), bits == 3);
    }

    // DIV FOF FUF XOF INV INE, the enable bit 6 above the flag.
    let order = [
        Flags::INEXACT,
        Flags::INVALID,
        Flags::FIXED_OVERFLOW,
        Flags::UNDERFLOW,
        Flags::OVERFLOW,
        Flags::DIVISION,
    ];
    for (bit, flag) in order.into_iter().enumerate() {
        let mut psw = Psw::from_bits(0x3000 | 1 << (bit + 6));
        assert!(!psw.is_plain());
        assert_eq!((psw.enables(), psw.flags()), (flag, Flags::empty()));
        assert_eq!(psw.raise(Flags::all()), flag);
        assert_eq!(psw.sfr(), 0x3f);
        psw.lfr(0);
        assert_eq!(psw.raise(flag), flag);
        assert_eq!(psw.bits(), 0x3000 | 1 << (bit + 6) | 1 << bit);
        psw.lfr(!0);
        assert_eq!(psw.bits(), 0x3000 | 1 << (bit + 6) | 0x3f);
    }
    assert_eq!(Psw::from_bits(!0).bits(), 0x3fff);
}

/// Whether a condition holds, in the order of codes: for "greater", "less", "equal", "unordered".
const CONDITIONS: [(&str, [bool; 4]); 16] = {
    const T: bool = true;
    const F: bool = false;
    [
        ("af", [F, F, F, F]),
        ("gt", [T, F, F, F]),
        ("lt", [F, T, F, F]),
        ("ne", [T, T, F, F]),
        ("eq", [F, F, T, F]),
        ("ge", [T, F, T, F]),
        ("le", [F, T, T, F]),
        ("num", [T, T, T, F]),
        ("nan", [F, F, F, T]),
        ("gtnan", [T, F, F, T]),
        ("ltnan", [F, T, F, T]),
        ("nenan", [T, T, F, T]),
        ("eqnan", [F, F, T, T]),
        ("genan", [T, F, T, T]),
        ("lenan", [F, T, T, T]),
        ("at", [T, T, T, T]),
    ]
};

#[test]
fn conditions() {
    let relations = [
        Relation::Greater,
        Relation::Less,
        Relation::Equal,
        Relation::Unordered,
    ];
    for (code, (name, expected)) in CONDITIONS.iter().enumerate() {
        let found =
            relations.map(|relation| ConditionCode::from_number(code as u8).holds(relation));
        assert_eq!(found, *expected, "{name}");
    }
    let named = [
        ConditionCode::Never,
        ConditionCode::Greater,
        ConditionCode::Less,
        ConditionCode::NotEqual,
        ConditionCode::Equal,
        ConditionCode::GreaterOrEqual,
        ConditionCode::LessOrEqual,
    ];
    assert_eq!(
        named.map(|condition| condition as u8),
        [0, 1, 2, 3, 4, 5, 6]
    );
    assert_eq!(
        [
            ConditionCode::Unordered,
            ConditionCode::NotEqualOrNan,
            ConditionCode::Always
        ]
        .map(|condition| condition as u8),
        [8, 11, 15]
    );
}

fn relation_of(order: Option<std::cmp::Ordering>) -> Relation {
    match order {
        Some(std::cmp::Ordering::Less) => Relation::Less,
        Some(std::cmp::Ordering::Equal) => Relation::Equal,
        Some(std::cmp::Ordering::Greater) => Relation::Greater,
        None => Relation::Unordered,
    }
}

#[test]
fn relations() {
    let doubles = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        f64::MIN_POSITIVE,
        -f64::MIN_POSITIVE,
        f64::from_bits(1),
        -f64::from_bits(1),
        f64::MAX,
        f64::MIN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        -f64::NAN,
        f64::from_bits(0x7ff0_0000_0000_0001),
        f64::from_bits(0xfff0_0000_0000_0001),
    ];
    for y in doubles {
        for z in doubles {
            assert_eq!(
                relation_d(y.to_bits(), z.to_bits()),
                relation_of(y.partial_cmp(&z)),
                "{y} {z}"
            );
            let (y, z) = (y as f32, z as f32);
            for rest in [0, 1, 0x8000_0000, 0xffff_ffff] {
                let register = |value: f32, rest: u64| u64::from(value.to_bits()) << 32 | rest;
                let found = relation_s(register(y, rest), register(z, 0xffff_ffff - rest));
                assert_eq!(found, relation_of(y.partial_cmp(&z)), "{y} {z} as f32");
            }
        }
    }
    let integers = [
        0i64,
        1,
        -1,
        i64::MAX,
        i64::MIN,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_ffff,
        0x1_0000_0000,
    ];
    for y in integers {
        for z in integers {
            assert_eq!(
                relation_l(y as u64, z as u64),
                relation_of(y.partial_cmp(&z))
            );
            assert_eq!(
                relation_w(y as u64, z as u64),
                relation_of((y as i32).partial_cmp(&(z as i32)))
            );
        }
    }
}

#[test]
fn conditional_moves() {
    let (old, new) = (0x1111_2222_3333_4444, 0x5555_6666_7777_8888);
    // Negative as 32 bits, positive as 64, a NaN as f32 and as f64.
    let y = 0x7fff_ffff_8000_0000;
    let greater = ConditionCode::Greater;
    assert_eq!(cmov_l(greater, old, new, y), new);
    assert_eq!(cmov_w(greater, old, new, y), old);
    assert_eq!(cmov_d(greater, old, new, y), old);
    assert_eq!(cmov_s(greater, old, new, y), old);
    assert_eq!(cmov_w(ConditionCode::Less, old, new, y), new);
    assert_eq!(cmov_d(ConditionCode::Unordered, old, new, y), new);
    assert_eq!(cmov_s(ConditionCode::Unordered, old, new, y), new);
    // A subnormal f64 whose upper half is 0 as an f32.
    assert_eq!(cmov_d(greater, old, new, 1), new);
    assert_eq!(cmov_s(greater, old, new, 1), old);
    assert_eq!(cmov_s(ConditionCode::Equal, old, new, 1), new);
}

#[test]
fn addresses() {
    assert_eq!(lea(0, 0, -8), u64::MAX - 7);
    assert_eq!(lea(u64::MAX, 0x1000, 0x10), 0x100f);
    assert_eq!(lea(u64::MAX, u64::MAX, i32::MIN), 0xffff_ffff_7fff_fffe);
    assert_eq!(lea_sl(1, 2, -1), 0xffff_ffff_0000_0003);
    assert_eq!(lea_sl(0, 0x8000_0000_0000_0000, i32::MIN), 0);
}

#[test]
fn loads() {
    assert_eq!(ldu(0x8765_4321), 0x8765_4321_0000_0000);
    assert_eq!(
        (ldl_sx(0x8765_4321), ldl_zx(0x8765_4321)),
        (0xffff_ffff_8765_4321, 0x8765_4321)
    );
    assert_eq!(
        (ld2b_sx(0x8765), ld2b_zx(0x8765)),
        (0xffff_ffff_ffff_8765, 0x8765)
    );
    assert_eq!(
        (ld1b_sx(0x87), ld1b_zx(0x87)),
        (0xffff_ffff_ffff_ff87, 0x87)
    );
    assert_eq!(
        (ldl_sx(0x1234_5678), ld2b_sx(0x1234), ld1b_sx(0x12)),
        (0x1234_5678, 0x1234, 0x12)
    );
    let x = 0x0123_4567_89ab_cdef;
    assert_eq!(
        (stu(x), stl(x), st2b(x), st1b(x)),
        (0x0123_4567, 0x89ab_cdef, 0xcdef, 0xef)
    );
}

#[test]
fn test_and_set() {
    let (memory, x) = (0x0011_2233_4455_6677u64, 0x8899_aabb_ccdd_eeffu64);
    for y in 0..256u64 {
        let mut expected = memory.to_le_bytes();
        for (k, (old, new)) in expected.iter_mut().zip(x.to_le_bytes()).enumerate() {
            if y >> k & 1 == 1 {
                *old = new;
            }
        }
        assert_eq!(
            ts1am_l(memory, x, y | 0xff00),
            u64::from_le_bytes(expected),
            "flags {y:#x}"
        );
        if y < 16 {
            let low = u32::from_le_bytes(expected[..4].try_into().unwrap());
            assert_eq!(ts1am_w(memory as u32, x, y | 0xf0), low, "flags {y:#x}");
        }
    }
}

#[test]
fn atomic_arithmetic() {
    assert_eq!(atmam(0b1100, 0b1010, 0), Some(0b1000));
    assert_eq!(atmam(0b1100, 0b1010, 1), Some(0b1110));
    assert_eq!(atmam(u64::MAX, 2, 2), Some(1));
    assert_eq!([3, 4, u64::MAX].map(|y| atmam(1, 1, y)), [None; 3]);
}

#[test]
fn communication_registers() {
    assert_eq!(tscr(5, 7), 7 | 1 << 63);
    assert_eq!(tscr(5 | 1 << 63, 7), 5 | 1 << 63);

    assert_eq!(
        [0, 1, u64::MAX].map(|old| fidcr(old, 0)),
        [Some(1), Some(2), Some(0)]
    );
    assert_eq!(
        [0, 1, u64::MAX].map(|old| fidcr(old, 1)),
        [Some(u64::MAX), Some(0), Some(u64::MAX - 1)]
    );
    assert_eq!(
        [0, 1, u64::MAX].map(|old| fidcr(old, 2)),
        [Some(0), Some(2), Some(0)]
    );
    assert_eq!(
        [0, 1, u64::MAX].map(|old| fidcr(old, 3)),
        [Some(0), Some(0), Some(u64::MAX - 1)]
    );
    assert_eq!([5, 6, 7, 8].map(|n| fidcr(1, n)), [None; 4]);

    // A barrier of three: the last one turns bit 63 over and starts anew.
    let start = 3u64 << 32 | 3;
    let steps: Vec<u64> = std::iter::successors(Some(start), |&old| fidcr(old, 4))
        .take(7)
        .collect();
    let turned = start | 1 << 63;
    assert_eq!(
        steps,
        [
            start,
            start - 1,
            start - 2,
            turned,
            turned - 1,
            turned - 2,
            start
        ]
    );
}
