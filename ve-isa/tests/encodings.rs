//! The table of encodings against LLVM 19, which knows the instruction set from a description of its own.
//!
//! LLVM's disassembler overlooks bits that should be 0, and constants that are too large; its assembler does not. So a word is an
//! instruction if its text by `llvm-mc --disassemble` is one for `llvm-mc` with the same word.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use ve_isa::encoding::{ConditionCode, Op, Row, assemble, decode, disassemble, operand, rows};
use veo_test_support::{available, found};

const LLVM_MC: &str = "llvm-mc-19";

fn llvm() -> bool {
    available("llvm-mc of LLVM 19 (Debian: llvm-19)", found(LLVM_MC))
}

/// Runs `llvm-mc` on lines of input; gives for each line the text and the word that it writes for it, or nothing where it has a
/// complaint with these words.
fn llvm_mc(lines: &[String], option: &str, complaint: &str) -> Vec<Option<(String, u64)>> {
    let mut child = Command::new(LLVM_MC)
        .args(["--triple=ve", "--show-encoding", option])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = lines.join("\n") + "\n";
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();

    let errors = String::from_utf8(output.stderr).unwrap();
    let wrong: BTreeSet<usize> = errors
        .lines()
        .filter(|line| line.starts_with("<stdin>:") && line.contains(complaint))
        .map(|line| line.split(':').nth(1).unwrap().parse().unwrap())
        .collect();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut instructions = text.lines().filter_map(|line| {
        let (text, encoding) = line.split_once("# encoding: [")?;
        let bytes: Vec<u8> = encoding
            .trim_end_matches(']')
            .split(',')
            .map(|byte| u8::from_str_radix(byte.trim_start_matches("0x"), 16).unwrap())
            .collect();
        Some((
            text.trim().replace('\t', " "),
            u64::from_le_bytes(bytes.try_into().unwrap()),
        ))
    });
    let said = (1..=lines.len())
        .map(|line| {
            (!wrong.contains(&line))
                .then(|| instructions.next().expect("a line for each that is right"))
        })
        .collect();
    assert_eq!(instructions.next(), None);
    said
}

/// The text of each word, and the word that LLVM makes of what it has read.
fn disassembled_by_llvm(words: &[u64]) -> Vec<Option<(String, u64)>> {
    let lines: Vec<String> = words
        .iter()
        .map(|word| {
            let bytes: Vec<String> = word
                .to_le_bytes()
                .iter()
                .map(|byte| format!("{byte:#04x}"))
                .collect();
            // The brackets keep what is wrong with one word from the next.
            format!("[{}]", bytes.join(","))
        })
        .collect();
    llvm_mc(&lines, "--disassemble", "invalid instruction encoding")
}

/// The word of each text.
fn assembled_by_llvm(texts: &[String]) -> Vec<Option<u64>> {
    llvm_mc(texts, "--assemble", "error:")
        .into_iter()
        .map(|said| said.map(|(_, word)| word))
        .collect()
}

/// Words of a form of a row with operands at random, each an instruction by our own table, and this row's.
fn words_of(
    row: &'static Row,
    (mask, value): (u64, u64),
    count: usize,
    random: &mut fastrand::Rng,
) -> Vec<u64> {
    let mut words = BTreeSet::new();
    for _ in 0..20_000 {
        // Numbers of registers are small; few bits make that likely.
        let bits = random.u64(..) & random.u64(..);
        let word = value | bits & !mask;
        if row.describes(word) && first(word).is_some_and(|first| std::ptr::eq(first, row)) {
            words.insert(word);
        }
        if words.len() == count {
            break;
        }
    }
    words.into_iter().collect()
}

fn first(word: u64) -> Option<&'static Row> {
    rows().iter().find(|row| row.describes(word))
}

#[test]
fn the_table_is_whole() {
    let forms: Vec<(u64, u64)> = rows().iter().flat_map(Row::forms).collect();
    // As many as the instructions of LLVM 19 for the VE, without those that only its code generator uses.
    assert_eq!(forms.len(), 2353);
    let bytes: BTreeSet<u64> = forms.iter().map(|(_, value)| value >> 56).collect();
    assert_eq!(bytes.iter().filter(|&&byte| byte < 0x80).count(), 97);
    assert_eq!(bytes.iter().filter(|&&byte| byte >= 0x80).count(), 113);
}

#[test]
fn every_form_of_every_row_agrees_with_llvm() {
    if !llvm() {
        return;
    }
    let mut random = fastrand::Rng::with_seed(13);
    let mut words = Vec::new();
    for row in rows() {
        for form in row.forms() {
            let of_form = words_of(row, form, 5, &mut random);
            assert!(
                !of_form.is_empty(),
                "no word has the form {:x?} of {row}",
                form
            );
            words.extend(of_form);
        }
    }
    assert!(words.len() > 3 * 2353);
    for (word, said) in words.iter().zip(disassembled_by_llvm(&words)) {
        let (text, again) =
            said.unwrap_or_else(|| panic!("{word:#018x} is no instruction for llvm-mc"));
        assert_eq!(again, *word, "{text}");
        assert_eq!(disassemble(*word).as_deref(), Some(&*text), "{word:#018x}");
        assert_eq!(assemble(&text), Ok(*word), "{text}");
    }
}

/// Whether a condition or rounding mode in a word has a number that none has. LLVM then reads beyond its list of names, and may crash.
fn has_no_name(word: u64) -> bool {
    match word >> 56 {
        0xa8 | 0xe8 => !matches!(word >> 8 & 255, 0 | 8..=12),
        0xb4..=0xb6 => word >> 16 & 255 > 15,
        _ => false,
    }
}

/// A word and its text, with another condition where LLVM's assembler does not know the text of its disassembler: but for conditional
/// moves it takes `at` and `af` only where nothing is compared.
fn for_the_assembler(word: u64, text: &str) -> (u64, String) {
    let (compared, low) = match word >> 56 {
        0x18 => (word >> 32 & 0xffff != 0, 48),
        0x19 | 0x1b | 0x1c => (word >> 40 & 0xff != 0, 48),
        0xb4..=0xb6 => (word >> 8 & 0xff != 0, 16),
        _ => (false, 0),
    };
    if compared && matches!(word >> low & 15, 0 | 15) {
        let (mnemonic, operands) = text.split_once(' ').unwrap();
        let mnemonic = mnemonic.replace("at", "gt").replace("af", "gt");
        (
            word & !(15 << low) | 1 << low,
            format!("{mnemonic} {operands}"),
        )
    } else {
        (word, text.to_owned())
    }
}

#[test]
fn nothing_else_is_an_instruction() {
    if !llvm() {
        return;
    }
    // Words near instructions: of each row with a few bits changed, and each first byte with few bits set.
    let mut random = fastrand::Rng::with_seed(14);
    let mut words = Vec::new();
    for row in rows() {
        for (_, value) in row.forms() {
            for _ in 0..6 {
                let operands = random.u64(..) & random.u64(..) & !row.mask();
                words.push(value | operands | 1 << random.u32(..56));
            }
        }
    }
    for byte in 0..256 {
        for _ in 0..40 {
            words.push(
                byte << 56
                    | random.u64(..1 << 56) & random.u64(..) & random.u64(..) & random.u64(..),
            );
        }
    }
    let (nameless, words): (Vec<u64>, Vec<u64>) =
        words.into_iter().partition(|&word| has_no_name(word));
    for word in nameless {
        assert_eq!(decode(word), None, "{word:#018x}");
    }
    let texts: Vec<Option<String>> = disassembled_by_llvm(&words)
        .into_iter()
        .map(|said| said.map(|(text, _)| text))
        .collect();
    let of_texts = words
        .iter()
        .zip(&texts)
        .filter_map(|(word, text)| Some(for_the_assembler(*word, text.as_ref()?)));
    let (expected, for_assembler): (Vec<u64>, Vec<String>) = of_texts.unzip();
    let again = assembled_by_llvm(&for_assembler);
    let mut is_same = again
        .iter()
        .zip(expected)
        .map(|(again, expected)| *again == Some(expected));
    let mut counts = [0; 2];
    for (word, text) in words.iter().zip(texts) {
        let text = text.filter(|_| is_same.next().unwrap());
        assert_eq!(disassemble(*word), text, "{word:#018x}");
        assert_eq!(decode(*word).is_some(), text.is_some(), "{word:#018x}");
        counts[usize::from(text.is_some())] += 1;
    }
    // Neither half of the comparison is empty.
    assert!(counts.iter().all(|&count| count > 1000), "{counts:?}");
}

#[test]
fn decoded_operands_are_those_of_the_text() {
    let values = operand::values();
    let scalar = |index: usize| match index {
        0..operand::REGISTERS => format!("%s{index}"),
        256.. => format!("({}){}", (index - 256) % 64, 1 - (index - 256) / 64),
        _ => (values[index] as i64).to_string(),
    };
    let mut random = fastrand::Rng::with_seed(15);
    let mut seen = BTreeMap::new();
    for row in rows() {
        for form in row.forms() {
            for word in words_of(row, form, 3, &mut random) {
                let insn = decode(word).unwrap();
                let text = disassemble(word).unwrap();
                assert_eq!((insn.op(), insn.scalar()), (row.op(), row.scalar()));
                let layout = row.to_string();
                // The expected text, made of the decoded instruction where its fields have a place of their own.
                let mut expected = layout.clone();
                for (name, value) in [
                    ("sx", scalar(insn.x())),
                    ("sw", scalar(insn.x())),
                    ("sy", scalar(insn.y())),
                    ("sz", scalar(insn.z())),
                    ("vmx", format!("%vm{}", insn.vx())),
                    ("vmy", format!("%vm{}", insn.vy())),
                    ("vmz", format!("%vm{}", insn.vz())),
                    ("vx", format!("%v{}", insn.vx())),
                    ("vy", format!("%v{}", insn.vy())),
                    ("vz", format!("%v{}", insn.vz())),
                    ("vw", format!("%v{}", insn.vw())),
                    (
                        "[, vm]",
                        if insn.mask() == 0 {
                            String::new()
                        } else {
                            format!(", %vm{}", insn.mask())
                        },
                    ),
                    ("<cond>", insn.condition().name().to_owned()),
                    ("[.round]", insn.rounding().suffix().to_owned()),
                    ("kind", insn.fence().to_string()),
                ] {
                    let mnemonic = expected.find(' ').unwrap_or(expected.len());
                    let (head, tail) = expected.split_at(if name.starts_with(['[', '<']) {
                        0
                    } else {
                        mnemonic
                    });
                    expected = format!("{head}{}", tail.replace(name, &value));
                }
                let mut text = text.replace("%vix", "%v255");
                if layout.contains("disp") {
                    // LLVM leaves zeros out of addresses; in full they mean the same word.
                    let hint = ["", "", ".nt", ".t"][(word >> 52 & 3) as usize];
                    let expected = expected
                        .replace("disp", &insn.imm().to_string())
                        .replace("[.nt|.t]", hint);
                    assert_eq!(assemble(&expected), Ok(word), "{expected}");
                    assert!(
                        insn.imm() == 0 || text.contains(&insn.imm().to_string()),
                        "{text}: {}",
                        insn.imm()
                    );
                    *seen.entry("addresses").or_insert(0) += 1;
                    continue;
                }
                for hint in [".nc", ".ot"] {
                    let known = expected.contains(&format!("[{hint}]"));
                    expected = expected.replace(&format!("[{hint}]"), "");
                    if known {
                        text = text.replace(hint, "");
                    }
                }
                if expected.contains("smir") {
                    continue;
                }
                assert_eq!(text, expected, "{word:#018x}");
                *seen.entry("whole").or_insert(0) += 1;
            }
        }
    }
    assert!(seen["whole"] > 5000 && seen["addresses"] > 500, "{seen:?}");
}

#[test]
fn a_branch_without_a_condition_compares_nothing() {
    for (text, op, condition) in [
        ("br.l 16", Op::BrL, ConditionCode::Always),
        ("braf.s.t -8", Op::BrS, ConditionCode::Never),
        ("b.l.t (, %s10)", Op::BL, ConditionCode::Always),
        ("baf.w 8", Op::BW, ConditionCode::Never),
        ("vfmk.l.at %vm3", Op::VfmkL, ConditionCode::Always),
        (
            "pvfmk.s.lo.af %vm3, %vm2",
            Op::PvfmkSLo,
            ConditionCode::Never,
        ),
    ] {
        let insn = decode(assemble(text).unwrap()).unwrap();
        assert_eq!(
            (insn.op(), insn.condition(), insn.y()),
            (op, condition, operand::ZERO),
            "{text}"
        );
    }
}

proptest! {
    /// A word that is an instruction is what its text assembles to.
    #[test]
    fn text_has_the_whole_word(seed: u64, row in 0..rows().len(), form: prop::sample::Index) {
        let row = &rows()[row];
        let forms = row.forms();
        let form = *form.get(&forms);
        for word in words_of(row, form, 4, &mut fastrand::Rng::with_seed(seed)) {
            let text = disassemble(word).unwrap();
            prop_assert_eq!(assemble(&text), Ok(word), "{}", text);
            prop_assert_eq!(assemble(&text.replace(", ", " ,\t").replace('(', "( ")), Ok(word), "{}", text);
        }
    }

    /// No word and no text causes a panic, and no meaning has two texts.
    #[test]
    fn anything_is_taken(word: u64, text in ".{0,40}") {
        if let Some(text) = disassemble(word) {
            prop_assert_eq!(assemble(&text), Ok(word));
        }
        if let Ok(word) = assemble(&text) {
            prop_assert!(decode(word).is_some());
        }
    }
}
