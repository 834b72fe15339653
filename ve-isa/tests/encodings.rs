//! The table of encodings against LLVM 19, which knows the instruction set from a description of its own.
//!
//! `llvm-mc --show-encoding` says of each word whether it is an instruction, how it is written, and what word its parts make again.
//! Where that is another word, LLVM has overlooked bits that should be 0; those words are no instructions here.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use ve_isa::encoding::{Row, assemble, decode, disassemble, operand, rows};
use veo_test_support::{available, found};

const LLVM_MC: &str = "llvm-mc-19";

fn llvm() -> bool {
    available("llvm-mc of LLVM 19 (Debian: llvm-19)", found(LLVM_MC))
}

/// What `llvm-mc` says of each word: its text and the word that the text's instruction has, if it is one.
fn by_llvm(words: &[u64]) -> Vec<Option<(String, u64)>> {
    let mut child = Command::new(LLVM_MC)
        .args(["--disassemble", "--triple=ve", "--show-encoding"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // The brackets keep what is wrong with one word from the next.
    let input: String = words
        .iter()
        .map(|word| {
            let bytes: Vec<String> = word
                .to_le_bytes()
                .iter()
                .map(|byte| format!("{byte:#04x}"))
                .collect();
            format!("[{}]\n", bytes.join(","))
        })
        .collect();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();

    let errors = String::from_utf8(output.stderr).unwrap();
    let invalid: BTreeSet<usize> = errors
        .lines()
        .filter(|line| line.contains("invalid instruction encoding"))
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
    let said = (1..=words.len()).map(|line| {
        (!invalid.contains(&line)).then(|| {
            instructions
                .next()
                .expect("a line for each word that is not invalid")
        })
    });
    let said = said.collect();
    assert_eq!(instructions.next(), None);
    said
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
    for (word, said) in words.iter().zip(by_llvm(&words)) {
        let (text, again) =
            said.unwrap_or_else(|| panic!("{word:#018x} is no instruction for llvm-mc"));
        assert_eq!(again, *word, "{text}");
        assert_eq!(disassemble(*word).as_deref(), Some(&*text), "{word:#018x}");
        assert_eq!(assemble(&text), Ok(*word), "{text}");
    }
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
                // What the text should be, made of the decoded instruction where its fields have a place of their own.
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
                    // Zeros are left out of addresses; the parts are compared one by one.
                    let distance = text
                        .rsplit([' ', '('])
                        .find_map(|part| part.parse::<i64>().ok());
                    *seen.entry("displacement").or_insert(0) +=
                        i32::from(distance == Some(insn.imm()));
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
    assert!(seen["whole"] > 5000, "{seen:?}");
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

    /// Whatever the word and the text: no panic, and never two texts for one meaning.
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
