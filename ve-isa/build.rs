//! Makes the table of encodings, which is Rust, of `encodings.txt`, which people read.
//!
//! A mistake in the file ends the build with its line.
//!
//! It also decides whether machine code can run on the target (`cfg(emulated)`): where the host's own accesses to memory can be
//! told apart.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=encodings.txt");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(emulated)");
    let target = |what| std::env::var(what).unwrap_or_default();
    if target("CARGO_CFG_TARGET_OS") == "linux"
        && ["x86_64", "aarch64"].contains(&target("CARGO_CFG_TARGET_ARCH").as_str())
    {
        println!("cargo:rustc-cfg=emulated");
    }
    let text =
        std::fs::read_to_string("encodings.txt").expect("encodings.txt lies beside build.rs");
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match row(line) {
            Ok(row) => rows.push(row),
            Err(why) => panic!("encodings.txt:{}: {why}", number + 1),
        }
    }
    let directory = std::env::var_os("OUT_DIR").expect("Cargo sets OUT_DIR");
    std::fs::write(Path::new(&directory).join("table.rs"), table(&rows))
        .expect("OUT_DIR can be written to");
}

/// One line of the file, its parts as Rust expressions where they become such.
struct Row {
    word: u64,
    op: String,
    condition: Option<u8>,
    scalar: &'static str,
    pieces: Vec<String>,
    mark: &'static str,
}

fn row(line: &str) -> Result<Row, String> {
    let columns: Vec<&str> = line.split('|').map(str::trim).collect();
    let &[word, op, text, mark] = columns.as_slice() else {
        return Err(format!("four columns are needed, not {}", columns.len()));
    };
    let word = u64::from_str_radix(word, 16).map_err(|e| format!("{word:?} is no word: {e}"))?;
    let (op, condition) = match op.split_once(" cc=") {
        Some((op, condition)) => (
            op,
            Some(
                condition
                    .parse()
                    .map_err(|e| format!("cc={condition}: {e}"))?,
            ),
        ),
        None => (op, None),
    };
    let mark = match mark {
        "V" => "Verified",
        "D" => "Documented",
        "I" => "Inferred",
        "U" => "Unknown",
        other => return Err(format!("no mark {other:?}")),
    };
    // Bits 53 and 52 say which vector source a scalar replaces, unless both sources are vectors all the same.
    let scalar = match (
        text.contains("{sy") || text.contains("{sw"),
        text.contains("{vy"),
        text.contains("{vz"),
    ) {
        (true, false, _) if word >> 53 & 1 == 1 => "Y",
        (true, _, false) if word >> 52 & 1 == 1 => "Z",
        _ => "None",
    };
    Ok(Row {
        word,
        op: op.to_owned(),
        condition,
        scalar,
        pieces: pieces(text)?,
        mark,
    })
}

fn pieces(text: &str) -> Result<Vec<String>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (literal, field) = rest.split_once('{').unwrap_or((rest, ""));
        if !literal.is_empty() {
            pieces.push(format!("Piece::Text({literal:?})"));
        }
        if field.is_empty() {
            break;
        }
        let (name, after) = field.split_once('}').ok_or("a brace is not closed")?;
        pieces.push(format!("Piece::Field(OperandField::{})", field_of(name)?));
        rest = after;
    }
    Ok(pieces)
}

fn field_of(name: &str) -> Result<String, String> {
    let place = |place: &str| match place.as_bytes()[1] {
        b'x' => "OperandPlace::X",
        b'y' => "OperandPlace::Y",
        b'z' => "OperandPlace::Z",
        _ => "OperandPlace::W",
    };
    let condition = |low: u32, float: bool| format!("Condition {{ low: {low}, float: {float} }}");
    Ok(match name {
        "asx" => "Address(AddressForm::Indexed)".to_owned(),
        "as" => "Address(AddressForm::Plain)".to_owned(),
        "hm" => "Address(AddressForm::Host)".to_owned(),
        "to" => "Address(AddressForm::Target)".to_owned(),
        "rel" => "Distance".to_owned(),
        "m:vm" => "Mask { pair: false }".to_owned(),
        "m:pair" => "Mask { pair: true }".to_owned(),
        "cond:int" => condition(48, false),
        "cond:float" => condition(48, true),
        "cfw:int" => condition(0, false),
        "cfw:float" => condition(0, true),
        "vy:int" => condition(16, false),
        "vy:float" => condition(16, true),
        "rd" => "Rounding { low: 32 }".to_owned(),
        "vz:rd" => "Rounding { low: 8 }".to_owned(),
        "bpf" => "Prediction".to_owned(),
        "nc" => "NoAllocation".to_owned(),
        "ot" => "Overtakable".to_owned(),
        "fencem" => "Fence { low: 48, bits: 2 }".to_owned(),
        "fencec" => "Fence { low: 40, bits: 3 }".to_owned(),
        "vx:v" | "vy:v" | "vz:v" | "vw:v" => format!("Vector({})", place(name)),
        "vx:vm" | "vy:vm" | "vz:vm" => format!("VectorMask({})", place(name)),
        _ => {
            let (at @ ("sx" | "sy" | "sz" | "sw"), kinds) =
                name.split_once(':').unwrap_or((name, ""))
            else {
                return Err(format!("no operand {{{name}}}"));
            };
            let (register, constant) = match kinds.split_once('/') {
                Some((register, constant)) => (Some(register), Some(constant)),
                None if matches!(kinds, "s" | "pair") => (Some(kinds), None),
                None => (None, Some(kinds)),
            };
            let register = match register {
                Some("s") => "RegisterOperand::Single",
                Some("pair") => "RegisterOperand::Pair",
                None => "RegisterOperand::None",
                Some(other) => return Err(format!("no register {other:?}")),
            };
            format!(
                "Scalar {{ place: {}, register: {register}, constant: {} }}",
                place(at),
                constant_of(constant)?
            )
        }
    })
}

fn constant_of(kind: Option<&str>) -> Result<String, String> {
    let Some(kind) = kind else {
        return Ok("ConstantOperand::None".to_owned());
    };
    let number = |text: &str| {
        text.parse::<u32>()
            .map_err(|e| format!("constant {kind:?}: {e}"))
    };
    Ok(match kind {
        "simm7" => "ConstantOperand::Signed".to_owned(),
        "mimm" => "ConstantOperand::Mask".to_owned(),
        "misc" => "ConstantOperand::Special".to_owned(),
        "0" => "ConstantOperand::UpTo(0)".to_owned(),
        _ => match (kind.strip_prefix("uimm"), kind.strip_prefix("to")) {
            (Some(bits), _) => format!("ConstantOperand::UpTo({})", (1 << number(bits)?) - 1),
            (_, Some(last)) => format!("ConstantOperand::UpTo({})", number(last)?),
            _ => return Err(format!("no constant {kind:?}")),
        },
    })
}

/// `adds.w.sx` as the name of a variant: `AddsWSx`.
fn variant(op: &str) -> String {
    op.split('.')
        .flat_map(|part| {
            part[..1]
                .to_uppercase()
                .chars()
                .chain(part[1..].chars())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn table(rows: &[Row]) -> String {
    let mut out = String::new();
    let mut seen = BTreeSet::new();
    let ops: Vec<&str> = rows
        .iter()
        .map(|row| row.op.as_str())
        .filter(|op| seen.insert(*op))
        .collect();
    out.push_str(
        "/// An operation: the effect of an instruction, apart from its operands and hints.\n\
         ///\n\
         /// The variants are named as LLVM's mnemonics: [`Op::AddsWSx`] is `adds.w.sx`.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\n\
         #[repr(u16)]\n\
         pub enum Op {\n",
    );
    for op in &ops {
        writeln!(out, "    /// `{op}`\n    {},", variant(op)).expect("a String takes all");
    }
    out.push_str("}\n\nimpl Op {\n    /// All operations, in the order of their first bytes.\n");
    writeln!(out, "    pub const ALL: [Op; {}] = [", ops.len()).expect("a String takes all");
    for op in &ops {
        writeln!(out, "        Op::{},", variant(op)).expect("a String takes all");
    }
    writeln!(
        out,
        "    ];\n\n    const NAMES: [&'static str; {}] = {ops:?};\n}}\n",
        ops.len()
    )
    .expect("a String takes all");

    writeln!(out, "static ROWS: [Row; {}] = [", rows.len()).expect("a String takes all");
    for row in rows {
        writeln!(
            out,
            "    Row::new({:#018x}, Op::{}, {:?}, ScalarOperand::{}, Mark::{}, &[{}]),",
            row.word,
            variant(&row.op),
            row.condition,
            row.scalar,
            row.mark,
            row.pieces.join(", ")
        )
        .expect("a String takes all");
    }
    out.push_str("];\n\n/// Where the rows of each first byte begin; those of byte 255 end at the last number.\n");
    writeln!(out, "static FIRST: [u16; 257] = {:?};", first(rows)).expect("a String takes all");
    out
}

fn first(rows: &[Row]) -> Vec<usize> {
    let byte = |row: &Row| row.word >> 56;
    assert!(
        rows.is_sorted_by_key(byte),
        "encodings.txt: the lines are not in the order of their first bytes"
    );
    (0..=256)
        .map(|wanted| rows.partition_point(|row| byte(row) < wanted))
        .collect()
}
