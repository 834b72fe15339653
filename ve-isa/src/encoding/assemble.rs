//! Text to a word: an assembler for one instruction, for tests and tools.
//!
//! It takes what [`disassemble`](super::disassemble) writes, with any white space between the parts. Labels, relocations and
//! LLVM's further names for the same instructions are not known here.

use super::disassemble::PREDICTIONS;
use super::operand::SPECIAL;
use super::table::{
    self, AddressForm, ConstantOperand, OperandField, OperandPlace, Piece, RegisterOperand, Row,
    VIX, rows,
};
use super::{ConditionCode, Rounding};

/// Why a text is no instruction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssembleError {
    /// No operation has that name.
    #[error("cannot assemble {text:?}: there is no instruction {mnemonic:?}")]
    Mnemonic {
        /// The whole text.
        text: String,
        /// Its first word.
        mnemonic: String,
    },
    /// The operation takes other operands.
    #[error("cannot assemble {text:?}: {at:?} does not fit; one of these is needed: {}", expected.join(", "))]
    Operands {
        /// The whole text.
        text: String,
        /// The place where it stops being an instruction.
        at: String,
        /// The form of the instruction, with operands by the names of their fields.
        expected: Vec<String>,
    },
}

/// The word of an instruction that is written as [`disassemble`](super::disassemble) writes it.
///
/// # Errors
/// If no instruction has that name, or it takes other operands.
///
/// ```
/// use ve_isa::encoding::assemble;
///
/// assert_eq!(assemble("b.l.t (, %s10)"), Ok(0x193f_008a_0000_0000));
/// assert!(assemble("ld %s64, 0").unwrap_err().to_string().contains("does not fit"));
/// ```
pub fn assemble(text: &str) -> Result<u64, AssembleError> {
    let text = text.trim();
    // For each row with this mnemonic, the rest of the text at the place where it stops to fit.
    let mut tried: Vec<(&'static Row, &str)> = Vec::new();
    for row in rows() {
        match fit(row, text) {
            Fit::Word(word) if row.describes(word) => return Ok(word),
            Fit::Word(_) => tried.push((row, text)),
            Fit::Mnemonic { rest } => tried.push((row, rest)),
            Fit::Nothing => {}
        }
    }
    let Some(at) = tried
        .iter()
        .map(|(_, rest)| *rest)
        .min_by_key(|rest| rest.len())
    else {
        let mnemonic = text.split_whitespace().next().unwrap_or("").to_owned();
        return Err(AssembleError::Mnemonic {
            text: text.to_owned(),
            mnemonic,
        });
    };
    let mut expected: Vec<String> = tried.iter().map(|(row, _)| row.to_string()).collect();
    expected.dedup();
    Err(AssembleError::Operands {
        text: text.to_owned(),
        at: at.to_owned(),
        expected,
    })
}

enum Fit<'a> {
    Word(u64),
    /// The mnemonic is that of the row, but not all operands are.
    Mnemonic {
        rest: &'a str,
    },
    Nothing,
}

fn fit<'a>(row: &Row, text: &'a str) -> Fit<'a> {
    let mut parser = Parser {
        rest: text,
        word: row.value(),
        begun: false,
    };
    for piece in row.pieces {
        let fits = match piece {
            Piece::Text(literal) => parser.literal(literal),
            Piece::Field(field) => parser.field(field),
        };
        if fits.is_none() {
            return if parser.begun {
                Fit::Mnemonic { rest: parser.rest }
            } else {
                Fit::Nothing
            };
        }
    }
    match (parser.rest.trim_start(), parser.begun) {
        ("", _) => Fit::Word(parser.word),
        (rest, begun) if begun || rest.len() < parser.rest.len() => Fit::Mnemonic { rest },
        _ => Fit::Nothing,
    }
}

struct Parser<'a> {
    rest: &'a str,
    word: u64,
    /// Whether the mnemonic has been read.
    begun: bool,
}

impl<'a> Parser<'a> {
    /// A literal part of a row's text; a space in it stands for any white space, or none where the mnemonic is behind us.
    fn literal(&mut self, literal: &str) -> Option<()> {
        for character in literal.chars() {
            if character == ' ' {
                let trimmed = self.rest.trim_start();
                if !self.begun && trimmed.len() == self.rest.len() {
                    return None;
                }
                self.rest = trimmed;
                self.begun = true;
            } else {
                if self.begun {
                    self.rest = self.rest.trim_start();
                }
                self.rest = self.rest.strip_prefix(character)?;
            }
        }
        Some(())
    }

    /// One of several words, the longest that fits.
    fn one_of<T>(&mut self, choices: impl Iterator<Item = (T, &'static str)>) -> Option<T> {
        let rest = self.rest;
        let (choice, name) = choices
            .filter(|(_, name)| rest.starts_with(name))
            .max_by_key(|(_, name)| name.len())?;
        self.rest = &rest[name.len()..];
        Some(choice)
    }

    fn field(&mut self, field: &OperandField) -> Option<()> {
        match *field {
            OperandField::Scalar { .. } => self.scalar(field),
            OperandField::Address(address) => self.address(address),
            OperandField::Distance => {
                let distance = self.displacement()?;
                self.put(0, distance)
            }
            OperandField::Vector(place) => {
                self.rest = self.rest.trim_start();
                let number = match self.rest.strip_prefix("%vix") {
                    Some(rest) => {
                        self.rest = rest;
                        VIX
                    }
                    None => self.register("%v", 64)?,
                };
                self.put(place.vector(), number.into())
            }
            OperandField::VectorMask(place) => {
                let number = self.register("%vm", 16)?;
                self.put(place.vector(), number.into())
            }
            OperandField::Mask { .. } => {
                if self.rest.trim_start().is_empty() {
                    return Some(());
                }
                self.literal(",")?;
                let number = self.register("%vm", 16)?;
                self.put(48, number.into())
            }
            OperandField::Condition { low, .. } => {
                let condition = self
                    .one_of(ConditionCode::all().map(|condition| (condition, condition.name())))?;
                self.put(low, condition as u64)
            }
            OperandField::Rounding { low } => {
                let rounding =
                    self.one_of(Rounding::all().map(|rounding| (rounding, rounding.suffix())))?;
                self.put(low, rounding as u64)
            }
            OperandField::Prediction => {
                let prediction = self.one_of(
                    [0, 2, 3]
                        .map(|number| (number, PREDICTIONS[number]))
                        .into_iter(),
                )?;
                self.put(52, prediction as u64)
            }
            OperandField::NoAllocation => {
                let bit = self.one_of([(1, ""), (0, ".nc")].into_iter())?;
                self.put(54, bit)
            }
            OperandField::Overtakable => {
                let bit = self.one_of([(0, ""), (1, ".ot")].into_iter())?;
                self.put(55, bit)
            }
            OperandField::Fence { low, bits } => {
                let kind = self.number()?;
                let kind = u64::try_from(kind).ok().filter(|&kind| kind < 1 << bits)?;
                self.put(low, kind)
            }
        }
    }

    fn put(&mut self, low: u32, value: u64) -> Option<()> {
        self.word |= value << low;
        Some(())
    }

    /// The number of a register with this prefix, below a limit.
    fn register(&mut self, prefix: &str, limit: u8) -> Option<u8> {
        let rest = self.rest.trim_start().strip_prefix(prefix)?;
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number = rest[..digits]
            .parse()
            .ok()
            .filter(|&number| number < limit)?;
        self.rest = &rest[digits..];
        Some(number)
    }

    /// A decimal or hexadecimal number with a sign.
    fn number(&mut self) -> Option<i64> {
        let text = self.rest.trim_start();
        let (negative, unsigned) = text
            .strip_prefix('-')
            .map_or((false, text), |rest| (true, rest));
        let (radix, digits) = unsigned
            .strip_prefix("0x")
            .map_or((10, unsigned), |rest| (16, rest));
        let after = digits.trim_start_matches(|c: char| c.is_digit(radix));
        let number = i64::from_str_radix(&digits[..digits.len() - after.len()], radix).ok()?;
        self.rest = after;
        Some(if negative { -number } else { number })
    }

    /// 32 bits, signed or not.
    fn displacement(&mut self) -> Option<u64> {
        let number = self.number()?;
        let fits = i32::try_from(number).is_ok() || u32::try_from(number).is_ok();
        fits.then_some(number as u64 & table::DISPLACEMENT)
    }

    fn scalar(&mut self, field: &OperandField) -> Option<()> {
        let &OperandField::Scalar {
            place,
            register,
            constant,
        } = field
        else {
            return None;
        };
        self.rest = self.rest.trim_start();
        if register != RegisterOperand::None && self.rest.starts_with("%s") {
            let number = self.register("%s", 64)?;
            self.word |= place.selector();
            return self.put(place.scalar(), number.into());
        }
        let number = match constant {
            ConstantOperand::None => return None,
            ConstantOperand::Signed => {
                let number = self.number().filter(|number| (-64..64).contains(number))?;
                number as u64 & 127
            }
            ConstantOperand::UpTo(last) => {
                let number = self.number()?;
                u64::try_from(number)
                    .ok()
                    .filter(|&number| number <= last.into())?
            }
            ConstantOperand::Mask => {
                self.literal("(")?;
                let m = self.number().filter(|m| (0..64).contains(m))?;
                self.literal(")")?;
                let zeros_first = self.one_of([(64, "0"), (0, "1")].into_iter())?;
                m as u64 | zeros_first
            }
            ConstantOperand::Special => {
                self.literal("%")?;
                self.one_of(
                    SPECIAL
                        .iter()
                        .map(|&(number, name)| (u64::from(number), name)),
                )?
            }
        };
        self.put(place.scalar(), number)
    }

    fn address(&mut self, address: AddressForm) -> Option<()> {
        self.rest = self.rest.trim_start();
        if !self.rest.starts_with('(') {
            let displacement = self.displacement()?;
            self.put(0, displacement)?;
        }
        if !self.rest.trim_start().starts_with('(') {
            return (address != AddressForm::Host).then_some(());
        }
        self.literal("(")?;
        self.rest = self.rest.trim_start();
        if address == AddressForm::Indexed && !self.rest.starts_with(',') {
            self.scalar(&table::INDEX)?;
        }
        if matches!(address, AddressForm::Indexed | AddressForm::Target) {
            self.rest = self.rest.trim_start();
            if self.rest.starts_with(',') {
                self.literal(",")?;
                self.scalar(&table::BASE)?;
            }
        } else if !self.rest.starts_with(')') {
            self.scalar(&table::BASE)?;
        }
        self.literal(")")
    }
}

impl OperandPlace {
    const fn name(self) -> char {
        match self {
            Self::X => 'x',
            Self::Y => 'y',
            Self::Z => 'z',
            Self::W => 'w',
        }
    }
}

/// How instructions of a row are written, with the names of the fields for operands.
impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for piece in self.pieces {
            match piece {
                Piece::Text(text) => f.write_str(text)?,
                Piece::Field(field) => match *field {
                    OperandField::Scalar { place, .. } => write!(f, "s{}", place.name())?,
                    OperandField::Address(AddressForm::Indexed) => f.write_str("disp(sy, sz)")?,
                    OperandField::Address(AddressForm::Plain | AddressForm::Host) => {
                        f.write_str("disp(sz)")?
                    }
                    OperandField::Address(AddressForm::Target) => f.write_str("disp(, sz)")?,
                    OperandField::Distance => f.write_str("disp")?,
                    OperandField::Vector(place) => write!(f, "v{}", place.name())?,
                    OperandField::VectorMask(place) => write!(f, "vm{}", place.name())?,
                    OperandField::Mask { .. } => f.write_str("[, vm]")?,
                    OperandField::Condition { .. } => f.write_str("<cond>")?,
                    OperandField::Rounding { .. } => f.write_str("[.round]")?,
                    OperandField::Prediction => f.write_str("[.nt|.t]")?,
                    OperandField::NoAllocation => f.write_str("[.nc]")?,
                    OperandField::Overtakable => f.write_str("[.ot]")?,
                    OperandField::Fence { .. } => f.write_str("kind")?,
                },
            }
        }
        Ok(())
    }
}
