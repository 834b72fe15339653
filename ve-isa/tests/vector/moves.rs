//! Moves, masks and reductions.

use crate::bench::{Bench, LENGTHS, bit};
use ve_isa::state::{Cpu, Mask, Vector};
use ve_isa::trap::TrapKind;

const VALUES: [u64; 10] = [
    0,
    1,
    u64::MAX,
    i64::MIN as u64,
    i64::MAX as u64,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0000_7fff_ffff,
    0xffff_ffff_0000_0000,
    0x0123_4567_89ab_cdef,
];

/// The mask registers 2 and 3, or all ones, and the end of a text that says so.
fn masks(bench: &mut Bench) -> (&'static str, [Mask; 2]) {
    if bench.rng.u8(0..3) == 0 {
        ("", [[u64::MAX; 4]; 2])
    } else {
        let cpu = bench.cpu();
        (", %vm2", [*cpu.mask(2), *cpu.mask(3)])
    }
}

/// Runs an instruction that writes to v1, whose lanes have to be what `expected` says of index and state; both halves apart.
fn check(
    bench: &mut Bench,
    text: &str,
    length: usize,
    [upper, lower]: [Mask; 2],
    expected: impl Fn(usize, &Cpu) -> u64,
) {
    let before = bench.cpu().clone();
    bench.run(text).unwrap();
    for index in 0..256 {
        let mut wanted = before.vector(1)[index];
        let value = expected(index, &before);
        if index < length && bit(&upper, index) {
            wanted = wanted & 0xffff_ffff | value & !0xffff_ffff;
        }
        if index < length && bit(&lower, index) {
            wanted = wanted & !0xffff_ffff | value & 0xffff_ffff;
        }
        let found = bench.cpu().vector(1)[index];
        assert_eq!(found, wanted, "{text}, VL {length}, element {index}");
    }
}

#[test]
fn broadcasts_and_sequences() {
    let mut bench = Bench::new();
    for length in LENGTHS {
        for _ in 0..4 {
            bench.fill(&VALUES);
            bench.set_length(length);
            let (mask, [vm2, vm3]) = masks(&mut bench);
            type Value = fn(usize, &Cpu) -> u64;
            let cases: [(&str, Mask, Value); 9] = [
                ("vbrd %v1, %s1", vm2, |_, cpu| cpu.scalar(1)),
                ("vbrd %v1, -5", vm2, |_, _| -5_i64 as u64),
                ("vbrdl %v1, %s1", vm2, |_, cpu| cpu.scalar(1) & 0xffff_ffff),
                ("vbrdu %v1, %s1", vm2, |_, cpu| cpu.scalar(1) & !0xffff_ffff),
                ("pvbrd %v1, %s1", vm3, |_, cpu| cpu.scalar(1)),
                ("vseq %v1", vm2, |index, _| index as u64),
                ("pvseq.lo %v1", vm2, |index, _| index as u64),
                ("pvseq.up %v1", vm2, |index, _| (index as u64) << 32),
                ("pvseq %v1", vm3, |index, _| {
                    (index as u64 * 2) << 32 | (index as u64 * 2 + 1)
                }),
            ];
            for (text, lower, value) in cases {
                check(
                    &mut bench,
                    &format!("{text}{mask}"),
                    length,
                    [vm2, lower],
                    value,
                );
            }
        }
    }
}

#[test]
fn elements_go_elsewhere() {
    let mut bench = Bench::new();
    for length in LENGTHS {
        for distance in [0_usize, 1, 100, 255, 256, 300, 1 << 40] {
            bench.fill(&VALUES);
            bench.set_length(length);
            let (mask, [vm2, _]) = masks(&mut bench);
            bench.cpu().set_scalar(1, distance as u64);
            // From itself, too.
            for source in [1, 2] {
                let before = bench.cpu().clone();
                bench
                    .run(&format!("vmv %v1, %s1, %v{source}{mask}"))
                    .unwrap();
                for index in 0..256 {
                    let place = (index + distance) % 256;
                    let moves = index < length && bit(&vm2, place);
                    let expected = if moves {
                        before.vector(source)[place]
                    } else {
                        before.vector(1)[index]
                    };
                    assert_eq!(
                        bench.cpu().vector(1)[index],
                        expected,
                        "{length} {distance} {index}"
                    );
                }
                let before = bench.cpu().clone();
                let on: Vec<usize> = (0..length).filter(|index| bit(&vm2, *index)).collect();
                bench.run(&format!("vcp %v1, %v{source}{mask}")).unwrap();
                let mut expected: Vector = *before.vector(1);
                for (to, from) in on.iter().enumerate() {
                    expected[to] = before.vector(source)[*from];
                }
                assert_eq!(*bench.cpu().vector(1), expected, "vcp {length}");
                let before = bench.cpu().clone();
                bench.run(&format!("vex %v1, %v{source}{mask}")).unwrap();
                let mut expected: Vector = *before.vector(1);
                for (from, to) in on.iter().enumerate() {
                    expected[*to] = before.vector(source)[from];
                }
                assert_eq!(*bench.cpu().vector(1), expected, "vex {length}");
            }
        }
    }
}

#[test]
fn merging_writes_all_elements() {
    let mut bench = Bench::new();
    for length in LENGTHS {
        bench.fill(&VALUES);
        bench.set_length(length);
        let (mask, [vm2, vm3]) = masks(&mut bench);
        let all = [[u64::MAX; 4]; 2];
        for (text, lower) in [("vmrg", vm2), ("vmrg.w", vm3)] {
            for y in ["%v2", "%s1", "%v1"] {
                bench.cpu().vector_mut(1)[0] ^= 5;
                check(
                    &mut bench,
                    &format!("{text} %v1, {y}, %v3{mask}"),
                    length,
                    all,
                    |index, cpu| {
                        let y = match y {
                            "%v2" => cpu.vector(2)[index],
                            "%v1" => cpu.vector(1)[index],
                            _ => cpu.scalar(1),
                        };
                        let z = cpu.vector(3)[index];
                        let half = |mask: &Mask, half: u64| {
                            if bit(mask, index) { z & half } else { y & half }
                        };
                        half(&vm2, !0xffff_ffff) | half(&lower, 0xffff_ffff)
                    },
                );
            }
        }
    }
}

#[test]
fn single_elements_and_the_register_of_registers() {
    let mut bench = Bench::new();
    bench.fill(&VALUES);
    bench.set_length(0);
    bench.cpu().set_scalar(1, 200);
    bench.cpu().set_scalar(2, 0xabcd);
    bench.run("lsv %v3(%s1), %s2").unwrap();
    assert_eq!(bench.cpu().vector(3)[200], 0xabcd);
    bench.run("lvs %s4, %v3(%s1)").unwrap();
    assert_eq!(bench.cpu().scalar(4), 0xabcd);
    bench.run("lsv %v3(7), (32)0").unwrap();
    assert_eq!(bench.cpu().vector(3)[7], 0xffff_ffff);
    // %vix is the register that VIXR names, as source and as destination.
    bench.set_length(256);
    bench.run("lvix 3").unwrap();
    bench.run("vadds.l %v5, 1, %vix").unwrap();
    let three = *bench.cpu().vector(3);
    assert_eq!(
        *bench.cpu().vector(5),
        three.map(|element| element.wrapping_add(1))
    );
    bench.cpu().set_scalar(1, 61);
    bench.run("lvix %s1").unwrap();
    bench.run("vor %vix, (0)1, %v5").unwrap();
    let five = *bench.cpu().vector(5);
    assert_eq!(*bench.cpu().vector(61), five);
    bench.run("lvl 17").unwrap();
    assert_eq!(bench.cpu().vl(), 17);
    bench.cpu().set_scalar(1, 257);
    let length = 257;
    assert_eq!(bench.run("lvl %s1"), Err(TrapKind::VectorLength { length }));
    assert_eq!(bench.cpu().vl(), 17);
}

#[test]
fn masks_as_registers() {
    let mut bench = Bench::new();
    for length in LENGTHS {
        bench.fill(&VALUES);
        bench.set_length(length);
        let (a, b) = (*bench.cpu().mask(2), *bench.cpu().mask(3));
        type Logic = fn(bool, bool) -> bool;
        let cases: [(&str, Logic); 6] = [
            ("andm %vm7, %vm2, %vm3", |a, b| a && b),
            ("orm %vm7, %vm2, %vm3", |a, b| a || b),
            ("xorm %vm7, %vm2, %vm3", |a, b| a != b),
            ("eqvm %vm7, %vm2, %vm3", |a, b| a == b),
            ("nndm %vm7, %vm2, %vm3", |a, b| !a && b),
            ("negm %vm7, %vm2", |a, _| !a),
        ];
        for (text, logic) in cases {
            bench.run(text).unwrap();
            for index in 0..256 {
                let found = bit(bench.cpu().mask(7), index);
                assert_eq!(
                    found,
                    logic(bit(&a, index), bit(&b, index)),
                    "{text} {index}"
                );
            }
        }
        let on: Vec<usize> = (0..length).filter(|index| bit(&a, *index)).collect();
        for (text, expected) in [
            ("pcvm %s3, %vm2", on.len()),
            ("lzvm %s3, %vm2", on.first().copied().unwrap_or(length)),
            ("tovm %s3, %vm2", on.last().map_or(0, |last| last + 1)),
        ] {
            bench.run(text).unwrap();
            assert_eq!(bench.cpu().scalar(3), expected as u64, "{text} {length}");
        }
        // Element 64 n is the highest bit of word n.
        bench.cpu().set_scalar(1, 1 << 63 | 1);
        bench.run("lvm %vm2, 2, %s1").unwrap();
        let expected: Vec<bool> = (0..256)
            .map(|index| match index {
                128 | 191 => true,
                129..=190 => false,
                _ => bit(&a, index),
            })
            .collect();
        let found: Vec<bool> = (0..256)
            .map(|index| bit(bench.cpu().mask(2), index))
            .collect();
        assert_eq!(found, expected);
        bench.run("svm %s3, %vm2, 2").unwrap();
        assert_eq!(bench.cpu().scalar(3), 1 << 63 | 1);
        // Mask 0 stays all ones.
        bench.run("lvm %vm0, 1, (0)1").unwrap();
        bench.run("xorm %vm0, %vm0, %vm0").unwrap();
        assert_eq!(*bench.cpu().mask(0), [u64::MAX; 4]);
    }
}

#[test]
fn masks_are_made() {
    let conditions = ["gt", "lt", "ne", "eq", "ge", "le"];
    let of_floats = [
        "num", "nan", "gtnan", "ltnan", "nenan", "eqnan", "genan", "lenan",
    ];
    fn holds(condition: &str, value: f64) -> bool {
        let (plain, or_nan) = match condition.strip_suffix("nan") {
            Some(plain) if !plain.is_empty() => (plain, true),
            _ => (condition, false),
        };
        if value.is_nan() {
            return or_nan || condition == "nan" || condition == "at";
        }
        match plain {
            "gt" => value > 0.0,
            "lt" => value < 0.0,
            "ne" => value != 0.0,
            "eq" => value == 0.0,
            "ge" => value >= 0.0,
            "le" => value <= 0.0,
            "num" | "at" => true,
            "nan" | "af" => false,
            other => panic!("{other}"),
        }
    }
    type Number = fn(u64) -> f64;
    let kinds: [(&str, bool, Number); 6] = [
        ("vfmk.l", false, |z| z as i64 as f64),
        ("vfmk.w", false, |z| f64::from(z as i32)),
        ("pvfmk.w.up", false, |z| f64::from((z >> 32) as i32)),
        ("vfmk.d", true, f64::from_bits),
        ("pvfmk.s.up", true, |z| {
            f32::from_bits((z >> 32) as u32).into()
        }),
        ("pvfmk.s.lo", true, |z| f32::from_bits(z as u32).into()),
    ];
    let nan = 0x7ff0_0000_0000_0001;
    let values: Vec<u64> = VALUES
        .into_iter()
        .chain([
            nan,
            1.5_f64.to_bits(),
            0xff80_0001_7fc0_0000,
            0xbf80_0000_3f80_0000,
            0x8000_0000,
        ])
        .collect();
    let mut bench = Bench::new();
    for (kind, floats, number) in kinds {
        for condition in conditions
            .into_iter()
            .chain(["at", "af"])
            .chain(of_floats.into_iter().filter(|_| floats))
        {
            for length in LENGTHS {
                bench.fill(&values);
                bench.set_length(length);
                let (mask, [vm2, _]) = masks(&mut bench);
                let before = bench.cpu().clone();
                let z = if matches!(condition, "at" | "af") {
                    ""
                } else {
                    ", %v2"
                };
                let text = format!("{kind}.{condition} %vm4{z}{mask}");
                bench.run(&text).unwrap();
                for index in 0..256 {
                    let expected = if index < length {
                        bit(&vm2, index) && holds(condition, number(before.vector(2)[index]))
                    } else {
                        bit(before.mask(4), index)
                    };
                    assert_eq!(
                        bit(bench.cpu().mask(4), index),
                        expected,
                        "{text} {length} {index}"
                    );
                }
                assert_eq!(bench.cpu().psw, before.psw, "{text}");
            }
        }
    }
}

#[test]
fn reductions() {
    type Fold = fn(&[u64]) -> Option<u64>;
    fn signed(values: &[u64]) -> impl Iterator<Item = i64> + '_ {
        values.iter().map(|value| *value as i64)
    }
    fn words(values: &[u64]) -> impl Iterator<Item = i32> + '_ {
        values.iter().map(|value| *value as i32)
    }
    fn total(values: &[u64]) -> u128 {
        values.iter().map(|value| u128::from(*value)).sum()
    }
    let cases: [(&str, Fold); 18] = [
        ("vsum.l", |values| Some(total(values) as u64)),
        ("vsum.w.sx", |values| {
            Some(total(values) as i32 as i64 as u64)
        }),
        ("vsum.w.zx", |values| Some(total(values) as u32 as u64)),
        ("vrand", |values| {
            Some(values.iter().fold(u64::MAX, |all, value| all & value))
        }),
        ("vror", |values| {
            Some(values.iter().fold(0, |all, value| all | value))
        }),
        ("vrxor", |values| {
            Some(values.iter().fold(0, |all, value| all ^ value))
        }),
        ("vrmaxs.l.fst", |values| {
            signed(values).max().map(|value| value as u64)
        }),
        ("vrmaxs.l.lst", |values| {
            signed(values).max().map(|value| value as u64)
        }),
        ("vrmins.l.fst", |values| {
            signed(values).min().map(|value| value as u64)
        }),
        ("vrmins.l.lst", |values| {
            signed(values).min().map(|value| value as u64)
        }),
        ("vrmaxs.w.fst.sx", |values| {
            words(values).max().map(|value| value as i64 as u64)
        }),
        ("vrmaxs.w.lst.sx", |values| {
            words(values).max().map(|value| value as i64 as u64)
        }),
        ("vrmins.w.fst.sx", |values| {
            words(values).min().map(|value| value as i64 as u64)
        }),
        ("vrmins.w.lst.sx", |values| {
            words(values).min().map(|value| value as i64 as u64)
        }),
        ("vrmaxs.w.fst.zx", |values| {
            words(values).max().map(|value| value as u32 as u64)
        }),
        ("vrmaxs.w.lst.zx", |values| {
            words(values).max().map(|value| value as u32 as u64)
        }),
        ("vrmins.w.fst.zx", |values| {
            words(values).min().map(|value| value as u32 as u64)
        }),
        ("vrmins.w.lst.zx", |values| {
            words(values).min().map(|value| value as u32 as u64)
        }),
    ];
    let mut bench = Bench::new();
    for (name, fold) in cases {
        for length in LENGTHS {
            for x in [1, 2] {
                bench.fill(&VALUES);
                bench.set_length(length);
                let (mask, [vm2, _]) = masks(&mut bench);
                let before = bench.cpu().clone();
                let values: Vec<u64> = (0..length)
                    .filter(|index| bit(&vm2, *index))
                    .map(|index| before.vector(2)[index])
                    .collect();
                let mut expected = *before.vector(x);
                if length != 0
                    && let Some(value) = fold(&values)
                {
                    expected[0] = value;
                }
                bench.run(&format!("{name} %v{x}, %v2{mask}")).unwrap();
                assert_eq!(*bench.cpu().vector(x), expected, "{name} {length}");
                assert_eq!(bench.cpu().psw, before.psw, "{name}");
            }
        }
    }
}
