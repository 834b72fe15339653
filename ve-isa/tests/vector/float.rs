//! Floats against IEEE 754's definition, with all flags, in all rounding modes.

use crate::bench::{Bench, Case, Compare, Form, OperandChoice, Order, Scalars};
use crate::reference::{DOUBLE, Format, SINGLE};
use crate::values::edges;
use ve_isa::encoding::Rounding;
use ve_isa::state::psw::{Flags, Psw, RoundingMode};
use ve_isa::trap::TrapKind;

const ROUNDINGS: [RoundingMode; 4] = [
    RoundingMode::Zero,
    RoundingMode::Up,
    RoundingMode::Down,
    RoundingMode::Nearest,
];

fn doubles() -> Vec<u64> {
    edges(53, 11).into_iter().map(|bits| bits as u64).collect()
}

/// Pairs of edges, so that both lanes have all.
fn singles() -> Vec<u64> {
    let edges = edges(24, 8);
    let count = edges.len();
    (0..4 * count)
        .map(|index| {
            let other = edges[(index * 7 + index / count) % count];
            (edges[index % count] << 32 | other) as u64
        })
        .collect()
}

type Operation = fn(Format, [u128; 3], RoundingMode) -> (u128, Flags);

fn sign(format: Format) -> u128 {
    if format.is_double() { 1 << 63 } else { 1 << 31 }
}

fn negated(format: Format, (value, flags): (u128, Flags)) -> (u128, Flags) {
    (value ^ sign(format), flags)
}

fn operations() -> Vec<(&'static str, Order, Operation)> {
    vec![
        ("vfadd", Order::Yz, |f, [y, z, _], r| f.add(y, z, r)),
        ("vfsub", Order::Yz, |f, [y, z, _], r| f.sub(y, z, r)),
        ("vfmul", Order::Yz, |f, [y, z, _], r| f.mul(y, z, r)),
        ("vfdiv", Order::Yz, |f, [y, z, _], r| f.div(y, z, r)),
        ("vfsqrt", Order::Y, |f, [y, ..], r| f.sqrt(y, r)),
        ("vfcmp", Order::Yz, |f, [y, z, _], _| f.difference(y, z)),
        ("vfmax", Order::Yz, |f, [y, z, _], _| f.extreme(y, z, true)),
        ("vfmin", Order::Yz, |f, [y, z, _], _| f.extreme(y, z, false)),
        ("vfmad", Order::Yzw, |f, [y, z, w], r| f.fused(z, w, y, r)),
        ("vfmsb", Order::Yzw, |f, [y, z, w], r| {
            f.fused(z, w, y ^ sign(f), r)
        }),
        ("vfnmad", Order::Yzw, |f, [y, z, w], r| {
            negated(f, f.fused(z, w, y, r))
        }),
        ("vfnmsb", Order::Yzw, |f, [y, z, w], r| {
            negated(f, f.fused(z, w, y ^ sign(f), r))
        }),
        ("vrcp", Order::Y, |f, [y, ..], r| f.div(f.one(), y, r)),
        ("vrsqrt", Order::Y, |f, [y, ..], r| {
            let (root, first) = f.sqrt(y, r);
            let (value, second) = f.div(f.one(), root, r);
            (value, first | second)
        }),
    ]
}

trait More {
    fn is_double(&self) -> bool;
    fn one(self) -> u128;
}

impl More for Format {
    fn is_double(&self) -> bool {
        self.add(0, 1 << 40, RoundingMode::Nearest).0 == 1 << 40
    }

    fn one(self) -> u128 {
        if self.is_double() {
            1.0_f64.to_bits().into()
        } else {
            1.0_f32.to_bits().into()
        }
    }
}

#[test]
fn arithmetic() {
    let mut bench = Bench::new();
    for (name, order, operation) in operations() {
        let packed = !matches!(name, "vfdiv" | "vfsqrt");
        let mut forms = vec![(format!("{name}.d"), Form::Whole)];
        if packed {
            forms.push((format!("p{name}.lo"), Form::Lower));
            forms.push((format!("p{name}.up"), Form::Upper));
            forms.push((format!("p{name}"), Form::Packed));
        } else {
            forms.push((format!("{name}.s"), Form::Upper));
        }
        let scalars = match order {
            Order::Y => Scalars::None,
            Order::Yzw => Scalars::YOrZ,
            _ if name == "vfdiv" => Scalars::YOrZ,
            _ => Scalars::Y,
        };
        for (mnemonic, form) in forms {
            let (format, values, compare) = if form == Form::Whole {
                (DOUBLE, doubles(), Compare::Doubles)
            } else {
                (SINGLE, singles(), Compare::Singles)
            };
            for rounding in ROUNDINGS {
                let reference = |sources: [u64; 3]| {
                    let (value, flags) = operation(format, sources.map(u128::from), rounding);
                    (value as u64, flags)
                };
                let case = Case {
                    mnemonic: &mnemonic,
                    order,
                    scalars,
                    form,
                    compare,
                    reference: &reference,
                };
                let lengths: &[usize] = if rounding == RoundingMode::Nearest {
                    &[0, 1, 16, 37, 255, 256, 3, 2, 5, 4]
                } else {
                    &[0, 2, 33]
                };
                for length in lengths {
                    bench.fill(&values);
                    case.check(&mut bench, *length, rounding);
                }
            }
        }
    }
}

/// Where all elements take part, whole chunks of them have loops of their own: for each kind of operands, lengths that are whole chunks and
/// such that are not, destinations that are sources, and `%vix`.
#[test]
fn whole_chunks() {
    let mut bench = Bench::new();
    for (name, order, operation) in operations() {
        let kinds: u8 = match order {
            Order::Yzw => 3,
            _ if matches!(name, "vfadd" | "vfsub" | "vfmul") => 2,
            _ => continue,
        };
        for (mnemonic, form) in [
            (format!("{name}.d"), Form::Whole),
            (format!("p{name}"), Form::Packed),
        ] {
            let (format, values, compare) = if form == Form::Whole {
                (DOUBLE, doubles(), Compare::Doubles)
            } else {
                (SINGLE, singles(), Compare::Singles)
            };
            let reference = |sources: [u64; 3]| {
                let sources = sources.map(u128::from);
                let (value, flags) = operation(format, sources, RoundingMode::Nearest);
                (value as u64, flags)
            };
            let case = Case {
                mnemonic: &mnemonic,
                order,
                scalars: Scalars::None,
                form,
                compare,
                reference: &reference,
            };
            for scalar in 0..kinds {
                for (x, sources, indirect) in [
                    (1, [2, 3, 4], None),
                    (2, [2, 3, 4], None),
                    (3, [2, 3, 4], Some(3)),
                    (4, [2, 3, 4], Some(2)),
                    (1, [1, 1, 1], None),
                ] {
                    let length = [0, 15, 16, 17, 48, 240, 250, 256][bench.rng.usize(0..8)];
                    for length in [length, 16 * bench.rng.usize(1..17)] {
                        bench.fill(&values);
                        let choice = OperandChoice {
                            x,
                            sources,
                            scalar,
                            masked: false,
                            indirect,
                        };
                        case.check_choice(&mut bench, &choice, length, RoundingMode::Nearest);
                    }
                }
            }
        }
    }
}

/// Elements that take no part raise no flag: their operands would raise all that they can.
#[test]
fn lanes_that_take_no_part_raise_nothing() {
    let mut bench = Bench::new();
    let bad = [
        0,
        u64::MAX / 3,
        1.0_f64.to_bits(),
        0x7ff0_0000_0000_0001,
        f64::MAX.to_bits(),
    ];
    let bad_singles = [
        0,
        0x7f80_0001_7f80_0001,
        0x7f7f_ffff_7f7f_ffff,
        0x3f80_0000_0000_0000,
    ];
    for (name, order, _) in operations() {
        let count = match order {
            Order::Y => 1,
            Order::Yzw => 3,
            _ => 2,
        };
        let sources = ["%v2", "%v3", "%v4"][..count].join(", ");
        let singles = match name {
            "vfdiv" | "vfsqrt" => vec![format!("{name}.s")],
            _ => ["", ".up", ".lo"]
                .map(|form| format!("p{name}{form}"))
                .to_vec(),
        };
        for (mnemonic, values, good) in
            std::iter::once((format!("{name}.d"), &bad[..], 4.0_f64.to_bits())).chain(
                singles
                    .into_iter()
                    .map(|text| (text, &bad_singles[..], 0x4080_0000_4080_0000)),
            )
        {
            for length in [0, 1, 7, 16, 100, 255, 256] {
                bench.fill(values);
                bench.set_length(length);
                bench.set_rounding(RoundingMode::Nearest);
                let lone = bench.rng.usize(0..256);
                let cpu = bench.cpu();
                let mut mask = [0; 4];
                mask[lone / 64] = 1 << (lone % 64);
                cpu.set_mask(2, mask);
                cpu.set_mask(3, mask);
                for number in 2..5 {
                    cpu.vector_mut(number)[lone] = good;
                }
                bench
                    .run(&format!("{mnemonic} %v1, {sources}, %vm2"))
                    .unwrap();
                assert_eq!(
                    bench.cpu().psw.flags(),
                    Flags::empty(),
                    "{mnemonic} {length} {lone}"
                );
                bench.cpu().set_mask(2, [0; 4]);
                bench.cpu().set_mask(3, [0; 4]);
                bench
                    .run(&format!("{mnemonic} %v1, {sources}, %vm2"))
                    .unwrap();
                assert_eq!(
                    bench.cpu().psw.flags(),
                    Flags::empty(),
                    "{mnemonic} {length}, none"
                );
            }
        }
    }
}

/// The other half of a form of one lane raises nothing, either.
#[test]
fn the_other_lane_raises_nothing() {
    let mut bench = Bench::new();
    for (name, order, _) in operations() {
        if matches!(name, "vfdiv" | "vfsqrt") {
            continue;
        }
        let count = match order {
            Order::Y => 1,
            Order::Yzw => 3,
            _ => 2,
        };
        let sources = ["%v2", "%v3", "%v4"][..count].join(", ");
        for (form, shift) in [("up", 32), ("lo", 0)] {
            bench.set_length(256);
            bench.set_rounding(RoundingMode::Nearest);
            let good = u64::from(4.0_f32.to_bits());
            for (number, bad) in [(2, 0xff80_0001), (3, 0_u64), (4, 0x7f80_0000)] {
                *bench.cpu().vector_mut(number) = [good << shift | bad << (32 - shift); 256];
            }
            bench
                .run(&format!("p{name}.{form} %v1, {sources}"))
                .unwrap();
            assert_eq!(bench.cpu().psw.flags(), Flags::empty(), "{name}.{form}");
        }
    }
}

#[test]
fn roots_that_raise_nothing() {
    let mut bench = Bench::new();
    for rounding in ROUNDINGS {
        bench.fill(&doubles());
        bench.set_length(256);
        bench.set_rounding(rounding);
        bench.run("vrsqrt.d.nex %v1, %v2").unwrap();
        assert_eq!(bench.cpu().psw.flags(), Flags::empty());
        let cpu = bench.cpu().clone();
        for (y, x) in cpu.vector(2).iter().zip(cpu.vector(1)) {
            let (y, x) = (f64::from_bits(*y), f64::from_bits(*x));
            if y == 0.0 {
                assert_eq!(x * 1.5 * 1.5 * 1.5 * y, y);
            } else if y.is_nan() || y < 0.0 {
                assert!(x.is_nan(), "{y} {x}");
            } else {
                let expected = 1.0 / y.sqrt();
                assert!((x - expected).abs() <= expected * 1e-15, "{y} {x}");
            }
        }
        for form in ["", ".lo", ".up"] {
            bench.fill(&singles());
            bench.run(&format!("pvrsqrt{form}.nex %v1, %v2")).unwrap();
            assert_eq!(bench.cpu().psw.flags(), Flags::empty());
            let cpu = bench.cpu().clone();
            for (y, x) in cpu.vector(2).iter().zip(cpu.vector(1)) {
                for (shift, left_out) in [(0, ".up"), (32, ".lo")] {
                    let lane = |value: u64| f32::from_bits((value >> shift) as u32);
                    let (y, x) = (lane(*y), lane(*x));
                    if form == left_out {
                        assert_eq!(x.to_bits(), 0);
                    } else if y == 0.0 {
                        assert_eq!(x * 1.5 * 1.5 * 1.5 * y, y);
                    } else if y.is_nan() || y < 0.0 {
                        assert!(x.is_nan(), "{y} {x}");
                    } else {
                        let expected = 1.0 / y.sqrt();
                        assert!((x - expected).abs() <= expected * 1e-6, "{y} {x}");
                    }
                }
            }
        }
    }
}

#[test]
fn conversions() {
    type Reference = fn(u64, RoundingMode, Rounding) -> (u64, Flags);
    const SUFFIXES: [(&str, Rounding); 6] = [
        ("", Rounding::Psw),
        (".rz", Rounding::Zero),
        (".rp", Rounding::Up),
        (".rm", Rounding::Down),
        (".rn", Rounding::NearestEven),
        (".ra", Rounding::NearestAway),
    ];
    fn integer(format: Format, width: u32, y: u64, r: RoundingMode, s: Rounding) -> (i64, Flags) {
        format.to_integer(width, y.into(), s, r)
    }
    fn half(y: u64) -> u64 {
        y >> 32
    }
    fn low(value: (i64, Flags)) -> (u64, Flags) {
        (u64::from(value.0 as u32), value.1)
    }
    fn single(value: (u128, Flags)) -> (u64, Flags) {
        ((value.0 as u64) << 32, value.1)
    }
    fn double(value: (u128, Flags)) -> (u64, Flags) {
        (value.0 as u64, value.1)
    }
    let all: [(&str, bool, Form, bool, Reference); 16] = [
        ("vcvt.w.d.sx", true, Form::Whole, true, |y, r, s| {
            let (value, flags) = integer(DOUBLE, 32, y, r, s);
            (value as i32 as i64 as u64, flags)
        }),
        ("vcvt.w.d.zx", true, Form::Whole, true, |y, r, s| {
            low(integer(DOUBLE, 32, y, r, s))
        }),
        ("vcvt.w.s.sx", true, Form::Whole, false, |y, r, s| {
            let (value, flags) = integer(SINGLE, 32, half(y), r, s);
            (value as i32 as i64 as u64, flags)
        }),
        ("vcvt.w.s.zx", true, Form::Whole, false, |y, r, s| {
            low(integer(SINGLE, 32, half(y), r, s))
        }),
        ("pvcvt.w.s.lo", true, Form::Lower, false, |y, r, s| {
            low(integer(SINGLE, 32, y, r, s))
        }),
        ("pvcvt.w.s.up", true, Form::Upper, false, |y, r, s| {
            low(integer(SINGLE, 32, y, r, s))
        }),
        ("pvcvt.w.s", true, Form::Packed, false, |y, r, s| {
            low(integer(SINGLE, 32, y, r, s))
        }),
        ("vcvt.l.d", true, Form::Whole, true, |y, r, s| {
            let (value, flags) = integer(DOUBLE, 64, y, r, s);
            (value as u64, flags)
        }),
        ("vcvt.d.w", false, Form::Whole, true, |y, r, _| {
            double(DOUBLE.of_integer(y as i32 as i64, r))
        }),
        ("vcvt.s.w", false, Form::Whole, true, |y, r, _| {
            single(SINGLE.of_integer(y as i32 as i64, r))
        }),
        ("pvcvt.s.w.lo", false, Form::Lower, true, |y, r, _| {
            double(SINGLE.of_integer(y as i32 as i64, r))
        }),
        ("pvcvt.s.w.up", false, Form::Upper, true, |y, r, _| {
            double(SINGLE.of_integer(y as i32 as i64, r))
        }),
        ("pvcvt.s.w", false, Form::Packed, true, |y, r, _| {
            double(SINGLE.of_integer(y as i32 as i64, r))
        }),
        ("vcvt.d.l", false, Form::Whole, true, |y, r, _| {
            double(DOUBLE.of_integer(y as i64, r))
        }),
        ("vcvt.d.s", false, Form::Whole, false, |y, r, _| {
            double(SINGLE.convert(DOUBLE, half(y).into(), r))
        }),
        ("vcvt.s.d", false, Form::Whole, true, |y, r, _| {
            single(DOUBLE.convert(SINGLE, y.into(), r))
        }),
    ];
    let mut bench = Bench::new();
    for (name, rounds, form, of_doubles, reference) in all {
        let values = if of_doubles { doubles() } else { singles() };
        for rounding in ROUNDINGS {
            for (suffix, code) in &SUFFIXES[..if rounds { 6 } else { 1 }] {
                let reference = |[y, ..]: [u64; 3]| reference(y, rounding, *code);
                let case = Case {
                    mnemonic: &format!("{name}{suffix}"),
                    order: Order::Y,
                    scalars: Scalars::None,
                    form,
                    compare: if name.contains(".d.s") {
                        Compare::Doubles
                    } else {
                        Compare::Singles
                    },
                    reference: &reference,
                };
                for length in [0, 1, 40, 256] {
                    bench.fill(&values);
                    case.check(&mut bench, length, rounding);
                }
            }
        }
    }
}

#[test]
fn sums_extremes_and_iterations() {
    let mut bench = Bench::new();
    for (name, format, form) in [("d", DOUBLE, Form::Whole), ("s", SINGLE, Form::Upper)] {
        let (values, compare) = match form {
            Form::Whole => (doubles(), Compare::Doubles),
            _ => (singles(), Compare::Singles),
        };
        let shift = if form == Form::Whole { 0 } else { 32 };
        let step = |text: &str, before: u128, y: u128, rounding| match text {
            "vfsum" | "vfia" => format.add(before, y, rounding),
            "vfis" => format.sub(y, before, rounding),
            "vfim" => format.mul(before, y, rounding),
            "vfrmax" => format.extreme(before, y, true),
            _ => format.extreme(before, y, false),
        };
        for rounding in ROUNDINGS {
            for length in [0, 1, 2, 30, 48, 256] {
                for (base, suffix) in [
                    ("vfsum", ""),
                    ("vfrmax", ".fst"),
                    ("vfrmax", ".lst"),
                    ("vfrmin", ".fst"),
                    ("vfrmin", ".lst"),
                    ("vfia", ""),
                    ("vfis", ""),
                    ("vfim", ""),
                ] {
                    let iterates = base.starts_with("vfi");
                    bench.fill(&values);
                    bench.set_length(length);
                    bench.set_rounding(rounding);
                    let before = bench.cpu().clone();
                    let masked = !iterates && bench.rng.bool();
                    let last = if iterates {
                        ", %s1"
                    } else if masked {
                        ", %vm2"
                    } else {
                        ""
                    };
                    let x = bench.rng.usize(1..3);
                    let text = format!("{base}.{name}{suffix} %v{x}, %v2{last}");
                    let mut flags = Flags::empty();
                    let mut expected = *before.vector(x);
                    let elements: Vec<(usize, u128)> = (0..length)
                        .filter(|index| !masked || crate::bench::bit(before.mask(2), *index))
                        .map(|index| (index, u128::from(before.vector(2)[index] >> shift)))
                        .collect();
                    if iterates {
                        let mut last = u128::from(before.scalar(1) >> shift);
                        for (index, y) in elements {
                            let (value, happened) = step(base, last, y, rounding);
                            flags |= happened;
                            last = value;
                            expected[index] = (value as u64) << shift;
                        }
                    } else {
                        let mut both = |a, b| {
                            let (value, happened) = step(base, a, b, rounding);
                            flags |= happened;
                            value
                        };
                        // Sums grow side by side, each of every sixteenth element.
                        let sums = if base == "vfsum" { 16 } else { 1 };
                        let parts: Vec<_> = (0..sums)
                            .filter_map(|part| {
                                let of_part =
                                    elements.iter().filter(|(index, _)| index % sums == part);
                                of_part.map(|(_, y)| *y).reduce(&mut both)
                            })
                            .collect();
                        let result = parts.into_iter().reduce(both);
                        let none = (base == "vfsum" && length != 0).then_some(0);
                        if let Some(result) = result.or(none) {
                            expected[0] = (result as u64) << shift;
                        }
                    }
                    bench.run(&text).unwrap();
                    for (index, expected) in expected.iter().enumerate() {
                        let found = bench.cpu().vector(x)[index];
                        assert!(
                            compare.same(found, *expected),
                            "{text} {length} {rounding:?} {index}: {found:#x} instead of {expected:#x}"
                        );
                    }
                    assert_eq!(
                        bench.cpu().psw.flags(),
                        flags,
                        "{text} {length} {rounding:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn an_instruction_that_traps_changes_nothing() {
    let mut bench = Bench::new();
    for text in ["vfdiv.d %v1, %v1, %v2", "vrcp.d %v1, %v2", "pvrcp %v1, %v2"] {
        bench.set_length(200);
        *bench.cpu().vector_mut(1) = [1.0_f64.to_bits(); 256];
        *bench.cpu().vector_mut(2) = [0; 256];
        bench.cpu().psw = Psw::from_bits(0x3000 | u64::from(Flags::DIVISION.bits()) << 6);
        let before = *bench.cpu().vector(1);
        let flags = Flags::DIVISION;
        assert_eq!(
            bench.run(text),
            Err(TrapKind::Arithmetic { flags }),
            "{text}"
        );
        assert_eq!(*bench.cpu().vector(1), before, "{text}");
    }
}
