//! Where translated code is easily wrong: flags of floats that the compiler may move, tests of addresses that stand for several accesses,
//! comparisons with constants.

use ve_isa::encoding::assemble;
use ve_isa::state::Cpu;
use ve_isa::state::psw::{Flags, Psw};

use crate::bench::{Bench, DATA, HOME, RETURN};

/// Rounds to the nearest, nothing traps, no flag is set.
const PLAIN: u64 = 0x3000;

fn state(psw: u64, registers: &[(usize, u64)]) -> Cpu {
    let mut cpu = Cpu::new();
    for (number, value) in registers {
        cpu.set_scalar(*number, *value);
    }
    cpu.set_scalar(10, HOME);
    cpu.psw = Psw::from_bits(psw);
    cpu
}

/// Runs lines in both engines from each state. All of their instructions are translated, each as an entry if that is asked.
fn agree(
    bench: &mut Bench,
    lines: &[String],
    each: bool,
    states: &[Cpu],
    end: &dyn Fn(&Cpu, &Cpu),
) {
    let mut words: Vec<u64> = lines
        .iter()
        .map(|line| assemble(line).expect(line))
        .collect();
    words.push(assemble(RETURN).unwrap());
    let code = bench.place(&words);
    if each {
        for entry in code.clone().step_by(8) {
            assert!(bench.translated.translate(entry));
        }
    }
    let memory: Vec<u8> = (0..DATA).map(|at| at as u8 ^ 0x5a).collect();
    for state in states {
        bench.compare(code.start, state, &memory, &|| lines.join("\n"));
        end(state, bench.translated.cpu());
    }
    bench.remove(code);
}

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// Operands of floats, `f64` or `f32`: each operation raises something for some of them, nothing for others.
fn floats() -> Vec<(u64, u64)> {
    let single = |value: f32| u64::from(value.to_bits()) << 32;
    let mut pairs: Vec<(u64, u64)> = [
        (1.0, 0.0),
        (0.0, 0.0),
        (1.0, 3.0),
        (4.0, 2.0),
        (f64::MAX, f64::MAX),
        (f64::MIN_POSITIVE, 1e300),
    ]
    .map(|(y, z): (f64, f64)| (y.to_bits(), z.to_bits()))
    .into();
    pairs.extend([
        (single(1.0), single(0.0)),
        (single(1.0), single(3.0)),
        (single(f32::MAX), single(f32::MAX)),
        (single(f32::MIN_POSITIVE), single(f32::MIN_POSITIVE)),
        (0x7ff0_0000_0000_0001, 0x7fa0_0000_0000_0000),
        (i64::MAX as u64, 0x7fff_ffff),
    ]);
    pairs
}

/// PSW: plain, with flags set, with each exception trapping, with all, with another rounding.
fn words_of_psw() -> Vec<u64> {
    let trapping = (6..12).map(|bit| PLAIN | 1 << bit);
    trapping
        .chain([PLAIN, PLAIN | 0x3f, PLAIN | 0xfc0, 0])
        .collect()
}

/// Operations that raise exceptions, of `%s5` and `%s6`, to this register.
fn operations(x: usize) -> Vec<String> {
    let two = [
        "fadd.d", "fsub.d", "fmul.d", "fdiv.d", "fadd.s", "fmul.s", "fdiv.s",
    ];
    let one = ["cvt.d.l", "cvt.s.w", "cvt.s.d", "cvt.d.s"];
    let two = two.iter().map(|name| format!("{name} %s{x}, %s5, %s6"));
    let one = one.iter().map(|name| format!("{name} %s{x}, %s5"));
    two.chain(one).collect()
}

fn float_states(rounds: u64, chosen: u64, psw: &[u64]) -> Vec<Cpu> {
    let mut states = Vec::new();
    for (y, z) in floats() {
        for psw in psw {
            let registers = [(0, rounds), (1, chosen), (5, y), (6, z)];
            states.push(state(*psw, &registers));
        }
    }
    states
}

#[test]
fn floats_of_a_loop_run_as_often_as_the_program_says() {
    let mut bench = Bench::new();
    for operation in operations(4) {
        // The same in each round, but in most it is not executed: whoever moves it in front of the loop raises flags that nobody has raised.
        let text = [
            "or %s3, 0, %s0",
            "brne.l %s3, %s1, 16",
            &operation,
            "adds.l %s3, -1, %s3",
            "brgt.l %s3, 0, -24",
        ];
        let never = float_states(3, 9, &words_of_psw());
        agree(
            &mut bench,
            &lines(&text),
            false,
            &never,
            &|before, after| {
                assert_eq!(before.psw, after.psw, "{operation}");
            },
        );
        let once = float_states(3, 2, &words_of_psw());
        agree(&mut bench, &lines(&text), false, &once, &|_, _| {});
    }
}

#[test]
fn floats_that_could_be_merged_or_left_out_raise_their_flags() {
    let mut bench = Bench::new();
    for (one, other) in operations(4).iter().zip(operations(7)) {
        // Twice the same; one whose result is overwritten; one behind the end of a row.
        let twice = [one, &other, "or %s4, 0, %s0", one, "or %s4, 1, (0)1"];
        let states = float_states(1, 0, &words_of_psw());
        agree(&mut bench, &lines(&twice), false, &states, &|_, _| {});
        // Exceptions begin or cease to trap between two that are the same.
        let between = [one, "spm %s8", "lpm %s9", &other, "spm %s12"];
        let mut states = Vec::new();
        for trapping in words_of_psw() {
            for mut state in float_states(1, 0, &[PLAIN]) {
                state.set_scalar(9, trapping);
                states.push(state);
            }
        }
        agree(&mut bench, &lines(&between), true, &states, &|_, _| {});
        // A load that traps, with one before it, and another behind it.
        let around = [one, "ld %s8, 0(, %s0)", "fdiv.d %s7, %s0, (0)1"];
        let states = float_states(1, 0, &[PLAIN]);
        agree(&mut bench, &lines(&around), false, &states, &|_, after| {
            assert!(!after.psw.flags().contains(Flags::DIVISION) || one.starts_with("fdiv"));
        });
    }
}

#[test]
fn floats_of_constants_raise_their_flags() {
    let mut bench = Bench::new();
    let states: Vec<Cpu> = words_of_psw().iter().map(|psw| state(*psw, &[])).collect();
    for (text, flags) in [
        ("fdiv.d %s4, 1, (0)1", Flags::DIVISION),
        ("fmul.d %s4, 1, (2)1", Flags::empty()),
        ("fsub.d %s4, 0, (1)0", Flags::empty()),
        ("fdiv.s %s4, 0, (0)1", Flags::INVALID),
    ] {
        agree(
            &mut bench,
            &lines(&[text]),
            false,
            &states,
            &|before, after| {
                if before.psw.bits() == PLAIN {
                    assert!(after.psw.flags().contains(flags), "{text}: {:?}", after.psw);
                }
            },
        );
    }
}

#[test]
fn accesses_through_one_register_trap_where_they_are() {
    let mut bench = Bench::new();
    let window = bench.common.window.range();
    let edges = [window.start, window.end, bench.data, bench.data + DATA];
    for displacements in [
        [0, 8, 16, 24],
        [24, 16, 8, 0],
        [0, -8, 8, -16],
        [0, 4080, 4081, 4096],
        [4096, 4081, 4080, 0],
        [0, -4080, -4081, -4096],
        [4080, 0, 8160, 4079],
        [-(1 << 31), 0, (1 << 31) - 1, 8],
    ] {
        for names in [
            ["ld", "ld", "ld", "ld"],
            ["st", "st", "st", "st"],
            ["ld1b.zx", "st", "ldl.sx", "st2b"],
            ["st1b", "ld2b.sx", "ldu", "stl"],
        ] {
            // The third one goes through a copy of the register; what is written before each access is stored when that traps.
            let mut text = Vec::new();
            for (index, (name, displacement)) in names.iter().zip(displacements).enumerate() {
                let base = if index == 2 { 7 } else { 1 };
                text.push(format!(
                    "{name} %s{}, {displacement}(, %s{base})",
                    20 + index
                ));
                text.push(String::from("adds.l %s5, 1, %s5"));
                text.push(String::from("or %s7, 0, %s1"));
            }
            let mut states = Vec::new();
            for edge in edges {
                for displacement in displacements {
                    for nudge in [-16, -8, -1, 0, 1] {
                        let base = (edge as i64).wrapping_sub(displacement).wrapping_add(nudge);
                        states.push(state(
                            PLAIN,
                            &[(1, base as u64), (22, 0x1234_5678_9abc_def0)],
                        ));
                    }
                }
            }
            agree(&mut bench, &text, false, &states, &|_, _| {});
        }
    }
}

#[test]
fn accesses_behind_those_of_other_blocks_trap_where_they_are() {
    let mut bench = Bench::new();
    let window = bench.common.window.range();
    let edges = [window.start, window.end, bench.data, bench.data + DATA];
    for (one, other) in [
        (0, 8),
        (8, 0),
        (0, 4080),
        (4080, 0),
        (0, -4096),
        (-4080, 4080),
    ] {
        for text in [
            // Only one of two ways has an access.
            vec![
                String::from("brne.l 0, %s2, 24"),
                format!("ld %s20, {one}(, %s1)"),
                String::from("adds.l %s5, 1, %s5"),
                format!("ld %s21, {other}(, %s1)"),
            ],
            // On one of two ways the register moves.
            vec![
                format!("ld %s20, {one}(, %s1)"),
                String::from("brne.l 0, %s2, 16"),
                String::from("lea %s1, 4096(, %s1)"),
                format!("st %s5, {other}(, %s1)"),
            ],
            vec![
                format!("st %s5, {one}(, %s1)"),
                String::from("brne.l 0, %s2, 16"),
                String::from("or %s1, 0, %s4"),
                format!("ld %s21, {other}(, %s1)"),
            ],
            // It moves in each round.
            vec![
                format!("ld %s20, {one}(, %s1)"),
                format!("ld %s21, {other}(, %s1)"),
                String::from("lea %s1, 4088(, %s1)"),
                String::from("adds.l %s3, -1, %s3"),
                String::from("brgt.l %s3, 0, -32"),
            ],
            // Another register goes with it.
            vec![
                String::from("lea %s7, -4080(, %s1)"),
                format!("st %s5, {one}(, %s7)"),
                String::from("lea %s4, 4088(, %s7)"),
                String::from("brne.l 0, %s2, 16"),
                format!("ld %s20, {other}(, %s4)"),
                format!("ld %s21, {other}(, %s7)"),
                format!("ld %s22, {one}(, %s1)"),
            ],
        ] {
            let mut states = Vec::new();
            for edge in edges {
                for nudge in [-8192, -4096, -4088, -4080, -16, -8, -1, 0, 8] {
                    for way in [0, 1] {
                        let base = (edge as i64).wrapping_sub(one).wrapping_add(nudge) as u64;
                        let registers = [(1, base), (2, way), (3, 3), (4, edge - 8)];
                        states.push(state(PLAIN, &registers));
                    }
                }
            }
            agree(&mut bench, &text, false, &states, &|_, _| {});
        }
    }
}

/// Values that a comparison or an extreme may get wrong.
const LIMITS: [u64; 15] = [
    0,
    1,
    u64::MAX,
    u64::MAX - 1,
    i64::MIN as u64,
    i64::MIN as u64 + 1,
    i64::MAX as u64,
    i64::MAX as u64 - 1,
    i32::MAX as u64,
    i32::MIN as i64 as u64,
    i32::MIN as i64 as u64 - 1,
    1 << 31,
    u32::MAX as u64,
    1 << 32,
    63,
];

/// Those of the limits, and some others, that an instruction has as a first and as a second operand.
const FIRST: [&str; 7] = ["0", "1", "-1", "63", "-64", "2", "-2"];
const SECOND: [&str; 12] = [
    "(0)1", "(0)0", "(1)1", "(1)0", "(63)0", "(63)1", "(32)1", "(32)0", "(33)1", "(33)0", "(2)1",
    "(2)0",
];

/// All pairs of operands with a constant, of `%s1` and `%s2` without.
fn operands() -> Vec<(&'static str, &'static str)> {
    let mut pairs = vec![("%s1", "%s2")];
    pairs.extend(FIRST.map(|first| (first, "%s2")));
    pairs.extend(SECOND.map(|second| ("%s1", second)));
    for first in ["0", "-1", "63"] {
        pairs.extend(SECOND.map(|second| (first, second)));
    }
    pairs
}

fn limit_states(bench: &Bench) -> Vec<Cpu> {
    let mut states = Vec::new();
    for (index, y) in LIMITS.iter().enumerate() {
        for (other, z) in LIMITS.iter().enumerate() {
            // With constants one of them counts: few pairs are enough.
            if index == other || (index + 3 * other).is_multiple_of(4) {
                states.push(state(PLAIN, &[(1, *y), (2, *z), (6, bench.data)]));
            }
        }
    }
    states
}

#[test]
fn comparisons_and_extremes_at_the_limits() {
    let mut bench = Bench::new();
    let states = limit_states(&bench);
    for name in [
        "cmps.l",
        "cmpu.l",
        "cmps.w.sx",
        "cmps.w.zx",
        "cmpu.w",
        "maxs.l",
        "mins.l",
        "maxs.w.sx",
        "maxs.w.zx",
        "mins.w.sx",
        "mins.w.zx",
    ] {
        let mut text = Vec::new();
        for (place, (y, z)) in operands().iter().enumerate() {
            text.push(format!("{name} %s3, {y}, {z}"));
            text.push(format!("st %s3, {}(, %s6)", 8 * place));
        }
        agree(&mut bench, &text, false, &states, &|_, _| {});
    }
}

#[test]
fn branches_by_what_was_compared_at_the_limits() {
    let mut bench = Bench::new();
    let states = limit_states(&bench);
    for name in ["cmps.l", "cmpu.l", "cmps.w.sx", "cmps.w.zx", "cmpu.w"] {
        for operands in operands()[..20].chunks(4) {
            let mut text = Vec::new();
            for (place, (y, z)) in operands.iter().enumerate() {
                text.push(format!("{name} %s3, {y}, {z}"));
                text.push(String::from("or %s4, 0, (0)1"));
                for (bit, condition) in ["gt", "lt", "ne", "eq", "ge", "le"].iter().enumerate() {
                    for (shift, kind) in [(0, "l"), (6, "w")] {
                        text.push(format!("sll %s5, (63)0, {}", bit + shift));
                        text.push(format!("br{condition}.{kind} %s3, 0, 16"));
                        text.push(String::from("or %s4, %s5, %s4"));
                        text.push(format!("sll %s5, (63)0, {}", 12 + bit + shift));
                        text.push(format!("br{condition}.{kind} 0, %s3, 16"));
                        text.push(String::from("or %s4, %s5, %s4"));
                    }
                }
                text.push(format!("st %s4, {}(, %s6)", 8 * place));
            }
            agree(&mut bench, &text, false, &states, &|_, _| {});
        }
    }
}
