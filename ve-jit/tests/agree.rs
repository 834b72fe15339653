//! Random instructions, in the interpreter and translated, from the same state: they end in the same state, traps included.
//!
//! `VEO_TEST_LONG=1` runs a million blocks, otherwise some 20,000.

#![cfg(feature = "cranelift")]

use std::sync::Arc;

use ve_isa::encoding::{Insn, Op, decode, operand, rows};
use ve_isa::interp::{Common, Interpreter, Observer, Pause, Reach, StopHandle};
use ve_isa::memory::{Protection, Window};
use ve_isa::state::Cpu;
use ve_isa::state::psw::Psw;
use ve_isa::trap::Trap;
use ve_jit::Cranelift;
use veo_test_support as _;

/// Where blocks return to: outside the window, so never code.
const HOME: u64 = 8;

/// `b.l.t 0(, %s10)`
const RETURN: &str = "b.l.t 0(, %s10)";

/// Bytes of data that blocks may use.
const DATA: u64 = 64 << 10;

/// How many blocks are in memory at once, and instructions in a block.
const BLOCKS: usize = 200;
const MOST: usize = 24;

/// Sees each instruction, so that the interpreter executes it.
#[derive(Debug)]
struct Nobody;

impl Observer for Nobody {
    fn instruction(&mut self, _: u64, _: u64, _: &Insn, _: &Cpu) {}
}

struct Bench {
    common: Arc<Common>,
    data: u64,
    interpreted: Interpreter,
    translated: Interpreter,
}

/// What a block leaves.
struct End {
    result: Result<Pause, Trap>,
    memory: Vec<u8>,
}

impl Bench {
    fn new() -> Self {
        let common = Arc::new(Common::new(Window::reserve().unwrap()));
        common.translate_with(Box::new(Cranelift::new().unwrap()), Reach::Region);
        let data = common
            .window
            .map(DATA, Protection::ReadWrite)
            .unwrap()
            .start;
        let mut interpreted = Interpreter::new(common.clone(), StopHandle::default());
        interpreted.observe(Some(Box::new(Nobody)));
        let translated = Interpreter::new(common.clone(), StopHandle::default());
        Self {
            common,
            data,
            interpreted,
            translated,
        }
    }

    /// Puts code into memory. The result is where it begins.
    fn place(&mut self, words: &[u64]) -> std::ops::Range<u64> {
        let window = &self.common.window;
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let code = window
            .map(bytes.len() as u64, Protection::ReadWrite)
            .unwrap();
        window.write(code.start, &bytes).unwrap();
        window.protect(code.clone(), Protection::Read).unwrap();
        self.common.executable.add(code.clone());
        code
    }

    fn remove(&mut self, code: std::ops::Range<u64>) {
        self.common.executable.remove(&code);
        self.common.window.unmap(code.start).unwrap();
        self.interpreted.forget_code();
        self.translated.forget_code();
    }

    fn run(&mut self, engine: Engine, start: u64, state: &Cpu, memory: &[u8]) -> End {
        self.common.window.write(self.data, memory).unwrap();
        let thread = match engine {
            Engine::Interpreted => &mut self.interpreted,
            Engine::Translated => &mut self.translated,
        };
        thread.cpu_mut().clone_from(state);
        thread.cpu_mut().ic = start;
        let result = thread.run(&|ic| ic == HOME);
        let mut after = vec![0; DATA as usize];
        self.common.window.read(self.data, &mut after).unwrap();
        End {
            result,
            memory: after,
        }
    }

    /// Runs a block in both and compares.
    fn compare(&mut self, start: u64, state: &Cpu, memory: &[u8], text: &dyn Fn() -> String) {
        assert!(
            self.translated.translate(start),
            "not translated:\n{}",
            text()
        );
        let expected = self.run(Engine::Interpreted, start, state, memory);
        let found = self.run(Engine::Translated, start, state, memory);
        let (mine, theirs) = (self.translated.cpu(), self.interpreted.cpu());
        assert_eq!(found.result, expected.result, "\n{}", text());
        for number in 0..operand::COUNT {
            assert_eq!(
                mine.operand(number),
                theirs.operand(number),
                "operand {number}, {:#x}\n{}\n{:x?}",
                theirs.operand(number),
                text(),
                (0..64)
                    .map(|number| state.scalar(number))
                    .collect::<Vec<_>>(),
            );
        }
        assert_eq!(mine.psw, theirs.psw, "\n{}", text());
        assert_eq!(
            (mine.ic, mine.vl()),
            (theirs.ic, theirs.vl()),
            "\n{}",
            text()
        );
        for number in 0..64 {
            assert!(
                mine.vector(number) == theirs.vector(number),
                "vector {number}\n{}",
                text()
            );
        }
        for number in 0..16 {
            assert_eq!(mine.mask(number), theirs.mask(number), "\n{}", text());
        }
        assert!(found.memory == expected.memory, "memory\n{}", text());
    }
}

#[derive(Clone, Copy)]
enum Engine {
    Interpreted,
    Translated,
}

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
        if is_wanted(insn.op()) && insn.x() != 10 && insn.x() | 1 != 11 {
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

fn blocks(seed: u64, count: usize, is_wanted: &dyn Fn(Op) -> bool) {
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
            words.extend((0..length).map(|_| word(&mut random, is_wanted)));
            words.push(home);
        }
        starts.push(words.len());
        let code = bench.place(&words);
        let memory: Vec<u8> = (0..DATA).map(|_| random.u8(..)).collect();
        for pair in starts.windows(2) {
            let state = state(&mut random, bench.data);
            let block = &words[pair[0]..pair[1]];
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
    blocks(1, count(6000), &|op| !is_control(op));
}

#[test]
fn scalar_instructions() {
    let is_scalar = |op: Op| {
        rows()
            .iter()
            .any(|row| row.op() == op && row.value() >> 63 == 0)
    };
    blocks(2, count(14_000), &|op| !is_control(op) && is_scalar(op));
}
