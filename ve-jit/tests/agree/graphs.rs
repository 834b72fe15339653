//! Rows of random instructions with random branches between them: what a block has not stored goes to those behind it.

use ve_isa::encoding::{Op, assemble, decode, rows};
use ve_isa::state::Cpu;

use crate::bench::{Bench, DATA, RETURN};
use crate::{count, is_control, is_free, listing, state, word};

/// The register that counts how often control may still go backwards. Nothing else writes it.
const COUNTER: usize = 9;

const INTEGER: [&str; 6] = ["gt", "lt", "ne", "eq", "ge", "le"];
const FLOAT: [&str; 14] = [
    "gt", "lt", "ne", "eq", "ge", "le", "num", "nan", "gtnan", "ltnan", "nenan", "eqnan", "genan",
    "lenan",
];

/// A branch over so many words, by registers and constants.
fn branch(random: &mut fastrand::Rng, words: i64) -> String {
    let (condition, kind) = match random.u8(0..4) {
        0 => (INTEGER[random.usize(..6)], "l"),
        1 => (INTEGER[random.usize(..6)], "w"),
        2 => (FLOAT[random.usize(..14)], "d"),
        _ => (FLOAT[random.usize(..14)], "s"),
    };
    let first = match random.u8(0..3) {
        0 => String::from("0"),
        _ => format!("%s{}", random.usize(0..8)),
    };
    let second = random.usize(0..8);
    format!("br{condition}.{kind} {first}, %s{second}, {}", 8 * words)
}

/// Whether an operation computes, or is a load or store.
fn is_usual(op: Op) -> bool {
    let name = format!("{op:?}");
    [
        "Fadd", "Fsub", "Fmul", "Add", "Sub", "Mul", "And", "Or", "Cmp", "Cmov", "Lea", "Ld", "St",
        "Mrg", "S", "Cvt",
    ]
    .iter()
    .any(|start| name.starts_with(start))
        && rows()
            .iter()
            .any(|row| row.op() == op && row.value() >> 63 == 0)
}

/// Few registers, so that instructions read what others have written.
fn dense(word: u64) -> u64 {
    let mut word = word & !(0x38 << 48);
    for shift in [40, 32] {
        // Only a field with its highest bit set is a register.
        if word >> (shift + 7) & 1 != 0 {
            word &= !(0x38 << shift);
        }
    }
    word
}

fn row(random: &mut fastrand::Rng) -> Vec<u64> {
    let length = random.usize(0..6);
    let any = |random: &mut fastrand::Rng| loop {
        let word = word(random, &is_usual);
        let dense = if random.u8(0..8) == 0 {
            word
        } else {
            dense(word)
        };
        let Some(insn) = decode(dense) else { continue };
        let is_kept = insn.x() | 1 == COUNTER;
        if is_usual(insn.op()) && !is_control(insn.op()) && is_free(&insn) && !is_kept {
            return dense;
        }
    };
    (0..length).map(|_| any(random)).collect()
}

/// Rows, each with a branch behind it, most of them forwards.
fn graph(random: &mut fastrand::Rng) -> Vec<u64> {
    let rows: Vec<Vec<u64>> = (0..random.usize(2..9)).map(|_| row(random)).collect();
    let is_back: Vec<bool> = rows.iter().map(|_| random.u8(0..3) == 0).collect();
    let mut starts = vec![0];
    for (row, is_back) in rows.iter().zip(&is_back) {
        let length = row.len() + if *is_back { 2 } else { 1 };
        starts.push(starts[starts.len() - 1] + length);
    }
    let mut words = Vec::new();
    for (index, (row, is_back)) in rows.iter().zip(&is_back).enumerate() {
        words.extend(row);
        let mut push = |line: &str| words.push(assemble(line).expect(line));
        if *is_back {
            push(&format!("adds.w.sx %s{COUNTER}, -1, %s{COUNTER}"));
            let back = starts[random.usize(0..=index)] as i64 - (starts[index + 1] as i64 - 1);
            push(&format!("brgt.w %s{COUNTER}, 0, {}", 8 * back));
        } else {
            let target = starts[random.usize(index + 1..starts.len())];
            let words = target as i64 - (starts[index + 1] as i64 - 1);
            push(&branch(random, words));
        }
    }
    words.push(assemble(RETURN).unwrap());
    words
}

fn begin(random: &mut fastrand::Rng, data: u64) -> Cpu {
    let mut cpu = state(random, data);
    cpu.set_scalar(COUNTER, random.u64(0..12));
    for number in 0..8 {
        if random.bool() {
            cpu.set_scalar(number, data + 8 * random.u64(0..DATA / 8 - 16));
        }
    }
    cpu
}

#[test]
fn rows_with_branches_between_them() {
    const GRAPHS: usize = 100;
    let mut random = fastrand::Rng::with_seed(5);
    let mut bench = Bench::new();
    let mut done = 0;
    while done < count(300) {
        let graphs: Vec<Vec<u64>> = (0..GRAPHS).map(|_| graph(&mut random)).collect();
        let code = bench.place(&graphs.concat());
        let memory: Vec<u8> = (0..DATA).map(|_| random.u8(..)).collect();
        let mut start = code.start;
        for graph in &graphs {
            for _ in 0..3 {
                let state = begin(&mut random, bench.data);
                bench.compare(start, &state, &memory, &|| listing(graph));
            }
            start += 8 * graph.len() as u64;
        }
        bench.remove(code);
        done += GRAPHS;
    }
}
