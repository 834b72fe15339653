//! Loads, stores, gather and scatter, against a copy of memory.

use crate::bench::{Bench, LENGTHS, bit};
use ve_isa::memory::{AccessError, Protection};
use ve_isa::trap::TrapKind;

/// How much memory instructions work in, and where in it they begin.
const SIZE: usize = 64 << 10;
const MIDDLE: usize = SIZE / 2;

#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    size: usize,
    /// The bits of an element that memory has, for loads: extended.
    load: fn(u64) -> u64,
    /// The stored part of an element.
    store: fn(u64) -> u64,
}

const KINDS: [Kind; 4] = [
    Kind {
        name: "",
        size: 8,
        load: |m| m,
        store: |x| x,
    },
    Kind {
        name: "u",
        size: 4,
        load: |m| m << 32,
        store: |x| x >> 32,
    },
    Kind {
        name: "l.sx",
        size: 4,
        load: |m| m as i32 as i64 as u64,
        store: |x| x & 0xffff_ffff,
    },
    Kind {
        name: "l.zx",
        size: 4,
        load: |m| m,
        store: |x| x & 0xffff_ffff,
    },
];

struct Memory {
    start: u64,
    bytes: Vec<u8>,
}

impl Memory {
    fn new(bench: &mut Bench) -> Self {
        let range = bench
            .common
            .window
            .map(SIZE as u64, Protection::ReadWrite)
            .unwrap();
        let bytes: Vec<u8> = (0..SIZE).map(|_| bench.rng.u8(..)).collect();
        bench.common.window.write(range.start, &bytes).unwrap();
        Self {
            start: range.start,
            bytes,
        }
    }

    fn get(&self, address: u64, size: usize) -> u64 {
        let at = (address - self.start) as usize;
        let mut word = [0; 8];
        word[..size].copy_from_slice(&self.bytes[at..at + size]);
        u64::from_le_bytes(word)
    }

    fn set(&mut self, address: u64, size: usize, value: u64) {
        let at = (address - self.start) as usize;
        self.bytes[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
    }

    fn compare(&self, bench: &Bench, text: &str) {
        let mut found = vec![0; SIZE];
        bench.common.window.read(self.start, &mut found).unwrap();
        assert!(found == self.bytes, "{text}: memory differs");
    }
}

/// Loads to v1, then stores v2, at these addresses; each instruction with whether the mask 2 counts.
fn check(
    bench: &mut Bench,
    memory: &mut Memory,
    kind: Kind,
    [(load, load_masked), (store, store_masked)]: [(&str, bool); 2],
    length: usize,
    address: impl Fn(usize) -> u64,
) {
    let before = bench.cpu().clone();
    let on = |index: usize, masked: bool| index < length && (!masked || bit(before.mask(2), index));
    bench
        .run(load)
        .unwrap_or_else(|trap| panic!("{load}: {trap}"));
    for index in 0..256 {
        let expected = if on(index, load_masked) {
            (kind.load)(memory.get(address(index), kind.size))
        } else {
            before.vector(1)[index]
        };
        assert_eq!(
            bench.cpu().vector(1)[index],
            expected,
            "{load} {length} {index}"
        );
    }
    memory.compare(bench, load);
    bench
        .run(store)
        .unwrap_or_else(|trap| panic!("{store}: {trap}"));
    for index in (0..256).filter(|index| on(*index, store_masked)) {
        let value = (kind.store)(before.vector(2)[index]);
        memory.set(address(index), kind.size, value);
    }
    memory.compare(bench, store);
    assert_eq!(bench.cpu().vector(2), before.vector(2));
}

/// The name of the store: it extends nothing.
fn store_name(kind: Kind) -> &'static str {
    kind.name.split('.').next().unwrap()
}

#[test]
fn strides() {
    let mut bench = Bench::new();
    let mut memory = Memory::new(&mut bench);
    for kind in KINDS {
        for stride in [kind.size as i64, -(kind.size as i64), 0, 16, 24, -40] {
            for length in LENGTHS {
                bench.fill(&[7]);
                bench.set_length(length);
                let base = memory.start + MIDDLE as u64;
                bench.cpu().set_scalar(3, base);
                bench.cpu().set_scalar(4, stride as u64);
                let masked = bench.rng.bool();
                let mask = if masked { ", %vm2" } else { "" };
                let stride_text = if stride == 24 {
                    "%s4".into()
                } else {
                    stride.to_string()
                };
                let load = format!("vld{} %v1, {stride_text}, %s3", kind.name);
                let store = format!("vst{} %v2, %s4, %s3{mask}", store_name(kind));
                let address = |index: usize| base.wrapping_add((stride * index as i64) as u64);
                check(
                    &mut bench,
                    &mut memory,
                    kind,
                    [(&load, false), (&store, masked)],
                    length,
                    address,
                );
            }
        }
    }
}

#[test]
fn two_dimensions() {
    let mut bench = Bench::new();
    let mut memory = Memory::new(&mut bench);
    for kind in KINDS {
        for (column, row) in [(8_u64, 256_u64), (16, 8), (0, 64), (8, 0), (64, 1024)] {
            for length in LENGTHS {
                bench.fill(&[7]);
                bench.set_length(length);
                bench.cpu().set_scalar(3, memory.start);
                bench.cpu().set_scalar(4, row << 16 | column);
                let masked = bench.rng.bool();
                let mask = if masked { ", %vm2" } else { "" };
                let (name, sign) = kind.name.split_once('.').unwrap_or((kind.name, ""));
                let dot = if sign.is_empty() { "" } else { "." };
                let load = format!("vld{name}2d{dot}{sign} %v1, %s4, %s3");
                let store = format!("vst{name}2d %v2, %s4, %s3{mask}");
                let base = memory.start;
                let address =
                    |index: usize| base + (index as u64 / 16) * row + (index as u64 % 16) * column;
                check(
                    &mut bench,
                    &mut memory,
                    kind,
                    [(&load, false), (&store, masked)],
                    length,
                    address,
                );
            }
        }
    }
    bench.set_length(20);
    for strides in [0x8000_u64, 1 << 63] {
        bench.cpu().set_scalar(4, strides);
        let trap = bench.run("vld2d %v1, %s4, %s3").unwrap_err();
        assert!(matches!(trap, TrapKind::Unimplemented { .. }), "{trap}");
    }
}

#[test]
fn gather_and_scatter() {
    let mut bench = Bench::new();
    let mut memory = Memory::new(&mut bench);
    for kind in KINDS {
        for length in LENGTHS.into_iter().chain([256; 4]) {
            bench.fill(&[7]);
            bench.set_length(length);
            let masked = bench.rng.bool();
            let mask = if masked { ", %vm2" } else { "" };
            // Some addresses are the same; where nothing takes part they lead nowhere.
            let places = (SIZE / kind.size) as u64;
            let mut addresses = [0; 256];
            for (index, address) in addresses.iter_mut().enumerate() {
                let takes_part =
                    index < length && (!masked || bit(bench.cpu().clone().mask(2), index));
                let near = bench.rng.bool();
                let place = bench.rng.u64(..if near { 10 } else { places });
                *address = if takes_part {
                    memory.start + place * kind.size as u64
                } else {
                    13
                };
            }
            *bench.cpu().vector_mut(3) = addresses;
            let load = format!("vgt{} %v1, %v3, 0, 0{mask}", kind.name);
            let store = format!("vsc{} %v2, %v3, 0, 0{mask}", store_name(kind));
            check(
                &mut bench,
                &mut memory,
                kind,
                [(&load, masked), (&store, masked)],
                length,
                |index| addresses[index],
            );
            // One scalar address for all.
            let address = memory.start + 64;
            bench.cpu().set_scalar(5, address);
            let load = format!("vgt{} %v1, %s5, 0, 0{mask}", kind.name);
            let store = format!("vsc{} %v2, %s5, 0, 0{mask}", store_name(kind));
            check(
                &mut bench,
                &mut memory,
                kind,
                [(&load, masked), (&store, masked)],
                length,
                |_| address,
            );
        }
    }
    // The addresses may be where the result goes.
    bench.set_length(256);
    *bench.cpu().vector_mut(1) = [memory.start; 256];
    bench.run("vgt %v1, %v1, 0, 0").unwrap();
    assert_eq!(*bench.cpu().vector(1), [memory.get(memory.start, 8); 256]);
}

#[test]
fn a_wrong_access_is_named_and_changes_no_register() {
    let mut bench = Bench::new();
    let memory = Memory::new(&mut bench);
    let end = memory.start + SIZE as u64;
    let outside = bench.common.window.range().start - 8;
    let top = bench.common.window.range().end;
    let misaligned = |address, alignment| TrapKind::Misaligned { address, alignment };
    let access = |address, write, cause| TrapKind::MemoryAccess {
        address,
        write,
        cause,
    };
    use AccessError::{Outside, Protected};
    let cases = [
        // Instruction, base, stride, and what happens.
        (
            "vld %v1, %s4, %s3",
            end - 80,
            8,
            access(end, false, Protected),
        ),
        (
            "vldu %v1, %s4, %s3",
            end - 40,
            4,
            access(end, false, Protected),
        ),
        (
            "vld %v1, %s4, %s3",
            end - 80,
            16,
            access(end, false, Protected),
        ),
        (
            "vst %v1, %s4, %s3",
            end - 80,
            8,
            access(end, true, Protected),
        ),
        (
            "vstl %v1, %s4, %s3",
            end - 40,
            4,
            access(end, true, Protected),
        ),
        (
            "vst %v1, %s4, %s3, %vm2",
            end - 80,
            8,
            access(end, true, Protected),
        ),
        ("vld %v1, %s4, %s3", 0, 8, access(0, false, Outside)),
        (
            "vld %v1, %s4, %s3",
            outside,
            8,
            access(outside, false, Outside),
        ),
        ("vld %v1, %s4, %s3", top, 8, access(top, false, Outside)),
        (
            "vld %v1, %s4, %s3",
            0_u64.wrapping_sub(80),
            8,
            access(0_u64.wrapping_sub(80), false, Outside),
        ),
        // To the end of all addresses and round to 0.
        (
            "vld %v1, %s4, %s3",
            memory.start,
            1 << 63,
            access(memory.start ^ 1 << 63, false, Outside),
        ),
        (
            "vld %v1, %s4, %s3",
            memory.start + 4,
            8,
            misaligned(memory.start + 4, 8),
        ),
        (
            "vld %v1, %s4, %s3",
            memory.start,
            12,
            misaligned(memory.start + 12, 8),
        ),
        (
            "vldl.sx %v1, %s4, %s3",
            memory.start + 2,
            4,
            misaligned(memory.start + 2, 4),
        ),
        (
            "vst %v1, %s4, %s3",
            memory.start + 1,
            8,
            misaligned(memory.start + 1, 8),
        ),
        (
            "vst2d %v1, %s4, %s3",
            memory.start,
            4,
            misaligned(memory.start + 4, 8),
        ),
        (
            "vgt %v1, %s3, 0, 0",
            memory.start + 4,
            0,
            misaligned(memory.start + 4, 8),
        ),
        ("vsc %v1, %s3, 0, 0", end, 0, access(end, true, Protected)),
    ];
    for (text, base, stride, expected) in cases {
        bench.fill(&[7]);
        bench.set_length(100);
        let cpu = bench.cpu();
        cpu.set_mask(2, [u64::MAX; 4]);
        cpu.set_scalar(3, base);
        cpu.set_scalar(4, stride);
        let before = *cpu.vector(1);
        assert_eq!(bench.run(text), Err(expected), "{text} {base:#x} {stride}");
        assert_eq!(*bench.cpu().vector(1), before, "{text}");
    }
    // Nothing is accessed where VL is 0 or the mask excludes the element.
    bench.cpu().set_scalar(3, 0);
    bench.cpu().set_mask(2, [0; 4]);
    bench.cpu().set_scalar(4, 8);
    bench.run("vst %v1, %s4, %s3, %vm2").unwrap();
    bench.run("vgt %v1, %v2, 0, 0, %vm2").unwrap();
    bench.set_length(0);
    bench.run("vld %v1, %s4, %s3").unwrap();
    bench.run("vst %v1, %s4, %s3").unwrap();
    bench.run("pfchv 8, %s3").unwrap();
}
