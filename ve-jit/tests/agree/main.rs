//! Random instructions, in the interpreter and translated, from the same state: they end in the same state, traps included.
//!
//! Rows of the table with random operands, random bytes, and what a compiler has made of C programs. `VEO_TEST_LONG=1` runs a million blocks
//! of each, otherwise some 28,000 in all.

#![cfg(feature = "cranelift")]

mod bench;
mod edges;
mod graphs;

use std::fs;
use std::path::Path;

use ve_isa::encoding::{Insn, Op, decode, rows};
use ve_isa::image::ImageFile;
use ve_isa::machine::{Machine, Unresolved};
use ve_isa::state::Cpu;
use ve_isa::state::psw::Psw;
use veo_test_support::ve;

use bench::{Bench, DATA, HOME, RETURN};

/// How many blocks are in memory at once, and instructions in a block.
const BLOCKS: usize = 200;
const MOST: usize = 24;

/// Values where something is special.
fn value(random: &mut fastrand::Rng, data: u64) -> u64 {
    const EDGES: [u64; 20] = [
        0,
        1,
        2,
        u64::MAX,
        i64::MIN as u64,
        i64::MAX as u64,
        i32::MIN as i64 as u64,
        i32::MAX as u64,
        0x8000_0000,
        0xffff_ffff,
        0x7fff_ffff_ffff_fffe,
        0x8000_0000_8000_0000,
        f64::NAN.to_bits(),
        0x7ff0_0000_0000_0001,
        f64::INFINITY.to_bits(),
        0x3ff0_0000_0000_0000,
        0xbff8_0000_0000_0000,
        0x3f80_0000_3f80_0000,
        0x7f80_0001_7fc0_0000,
        0x0000_0000_0000_1000,
    ];
    match random.u8(0..10) {
        0..4 => data + random.u64(0..DATA - 64),
        4..6 => EDGES[random.usize(..EDGES.len())],
        6 => EDGES[random.usize(..EDGES.len())]
            .wrapping_add(random.u64(0..5))
            .wrapping_sub(2),
        7 => random.f64().to_bits(),
        8 => u64::from(random.u16(..)),
        _ => random.u64(..),
    }
}

fn state(random: &mut fastrand::Rng, data: u64) -> Cpu {
    let mut cpu = Cpu::new();
    for number in 0..64 {
        cpu.set_scalar(number, value(random, data));
    }
    cpu.set_scalar(10, HOME);
    cpu.set_vl(random.usize(0..=256));
    cpu.psw = Psw::from_bits(0x3000 | random.u64(0..64));
    cpu
}

/// A word of any row of the table, with random operands.
fn word(random: &mut fastrand::Rng, is_wanted: &dyn Fn(Op) -> bool) -> u64 {
    loop {
        let row = &rows()[random.usize(..rows().len())];
        let mut word = row.value() | random.u64(..) & !row.mask();
        // Most displacements are small, most indices are constants.
        if random.u8(0..8) != 0 && row.mask() & 0xffff_ffff == 0 {
            word = word & !0xffff_ffff | u64::from(random.u8(..)) & 0xffff_ffff;
        }
        let Some(insn) = decode(word) else { continue };
        if is_wanted(insn.op()) && is_free(&insn) {
            return word;
        }
    }
}

/// Branches; and what uses registers that both runs share.
fn is_control(op: Op) -> bool {
    use Op::*;
    matches!(
        op,
        BrL | BrW
            | BrD
            | BrS
            | BL
            | BW
            | BD
            | BS
            | Bsic
            | Monc
            | MoncHdb
            | Fencec
            | Lpm
            | Fidcr
            | Scr
            | Tscr
    )
}

fn listing(words: &[u64]) -> String {
    let lines = words
        .iter()
        .map(|word| ve_isa::encoding::disassemble(*word).unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// A word of random bytes: an instruction with bits that no assembler sets, now and then none.
fn bytes(random: &mut fastrand::Rng) -> u64 {
    loop {
        let mut word = [0; 8];
        random.fill(&mut word);
        let word = u64::from_le_bytes(word);
        // Few words at random are vector instructions, since those have many bits that have to be zero.
        let word = match random.u8(0..3) {
            0 => word,
            1 => word & 0xff00_0000_ffff_ffff | u64::from(random.u16(..)) << 32,
            _ => word & 0xff0f_0000_00ff_ffff,
        };
        let is_free = match decode(word) {
            Some(insn) => is_free(&insn),
            // A block ends there, so few of them.
            None => random.u8(0..16) == 0,
        };
        if is_free {
            return word;
        }
    }
}

/// Whether an instruction may be in a block: it neither branches nor writes the registers that blocks return and have their stack by.
fn is_free(insn: &Insn) -> bool {
    !is_control(insn.op()) && insn.x() != 10 && insn.x() | 1 != 11
}

/// The instructions that a compiler has made of C programs, in its order.
fn compiled() -> Vec<u64> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let headers = root.join("veo-build/libc");
    let options = ["-O2", "-w", "-idirafter", headers.to_str().unwrap()];
    let directory = tempfile::tempdir().unwrap();
    let mut words = Vec::new();
    for name in [
        "algorithms",
        "atomics",
        "bits",
        "codes",
        "control",
        "floats",
        "integers",
        "memory",
        "structs",
        "varargs",
    ] {
        let source = root.join("ve-run/tests/corpus/c").join(name);
        let object = directory.path().join(name);
        ve::compile(source.with_extension("c"), &object, &options);
        let machine = Machine::new().unwrap();
        let bytes = &fs::read(object).unwrap()[..];
        let input = ImageFile { name, bytes };
        machine.load(&[input], Unresolved::Lazy).unwrap();
        let main = machine.symbol("main").unwrap();
        let code = |ic: &u64| machine.is_instruction(*ic);
        let before = (1..).map(|count| main - 8 * count).take_while(code);
        let start = before.last().unwrap_or(main);
        let all = (start..).step_by(8).take_while(code);
        words.extend(all.map(|ic| machine.window().load::<8>(ic).unwrap()));
    }
    words.retain(|word| decode(*word).is_some_and(|insn| is_free(&insn)));
    words
}

fn blocks(seed: u64, count: usize, is_wanted: &dyn Fn(Op) -> bool) {
    blocks_of(seed, count, &mut |random| word(random, is_wanted));
}

/// Blocks of words. Where the first one is no instruction, there is nothing to translate.
fn blocks_of(seed: u64, count: usize, word: &mut dyn FnMut(&mut fastrand::Rng) -> u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut bench = Bench::new();
    let home = ve_isa::encoding::assemble(RETURN).unwrap();
    let mut done = 0;
    while done < count {
        let mut words = Vec::new();
        let mut starts = Vec::new();
        for _ in 0..BLOCKS {
            starts.push(words.len());
            let length = random.usize(1..MOST);
            words.extend((0..length).map(|_| word(&mut random)));
            words.push(home);
        }
        starts.push(words.len());
        let code = bench.place(&words);
        let memory: Vec<u8> = (0..DATA).map(|_| random.u8(..)).collect();
        for pair in starts.windows(2) {
            let state = state(&mut random, bench.data);
            let block = &words[pair[0]..pair[1]];
            if decode(block[0]).is_none() {
                continue;
            }
            let start = code.start + 8 * pair[0] as u64;
            bench.compare(start, &state, &memory, &|| listing(block));
        }
        bench.remove(code);
        done += BLOCKS;
    }
}

fn count(short: usize) -> usize {
    match std::env::var_os("VEO_TEST_LONG") {
        Some(_) => 1_000_000,
        None => short,
    }
}

#[test]
fn any_instructions() {
    blocks(1, count(6000), &|_| true);
}

#[test]
fn any_bytes() {
    blocks_of(3, count(4000), &mut bytes);
}

#[test]
fn instructions_of_compiled_code() {
    if !ve::can_compile() {
        return;
    }
    let words = compiled();
    assert!(words.len() > 10_000, "{}", words.len());
    let mut words = words.iter().cycle();
    blocks_of(4, count(4000), &mut |_| *words.next().unwrap());
}

#[test]
fn scalar_instructions() {
    let is_scalar = |op: Op| {
        rows()
            .iter()
            .any(|row| row.op() == op && row.value() >> 63 == 0)
    };
    blocks(2, count(14_000), &is_scalar);
}
