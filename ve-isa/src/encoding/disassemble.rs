//! Instructions as text, written as LLVM 19 writes them.

use std::fmt::Write as _;

use super::operand::SPECIAL;
use super::table::{
    self, AddressForm, ConstantOperand, OperandField, OperandPlace, Piece, RegisterOperand, VIX,
    extract,
};
use super::{ConditionCode, Rounding};

/// The text of the instruction that a word is, as `llvm-objdump` writes it, or nothing if it is none.
///
/// The distance of a relative branch is written as a number of bytes.
#[must_use]
pub fn disassemble(word: u64) -> Option<String> {
    let row = table::find(word)?;
    let mut text = String::with_capacity(40);
    for piece in row.pieces {
        match piece {
            Piece::Text(literal) => text.push_str(literal),
            Piece::Field(field) => write_field(&mut text, field, word),
        }
    }
    Some(text)
}

macro_rules! put {
    ($text:expr, $($arguments:tt)*) => {
        // Writing to a String does not fail.
        _ = write!($text, $($arguments)*)
    };
}

fn write_field(text: &mut String, field: &OperandField, word: u64) {
    match *field {
        OperandField::Scalar {
            place,
            register,
            constant,
        } => write_scalar(text, word, place, register, constant),
        OperandField::Address(address) => write_address(text, word, address),
        OperandField::Distance => put!(text, "{}", word as i32),
        OperandField::Vector(place) => match extract(word, place.vector(), 8) {
            VIX => text.push_str("%vix"),
            number => put!(text, "%v{number}"),
        },
        OperandField::VectorMask(place) => put!(text, "%vm{}", extract(word, place.vector(), 8)),
        OperandField::Mask { .. } => match extract(word, 48, 4) {
            0 => {}
            number => put!(text, ", %vm{number}"),
        },
        OperandField::Condition { low, .. } => {
            text.push_str(ConditionCode::from_number(extract(word, low, 4)).name())
        }
        OperandField::Rounding { low } => {
            text.push_str(
                Rounding::from_number(extract(word, low, 4)).map_or("", Rounding::suffix),
            );
        }
        OperandField::Prediction => text.push_str(PREDICTIONS[usize::from(extract(word, 52, 2))]),
        OperandField::NoAllocation => text.push_str(if word >> 54 & 1 == 0 { ".nc" } else { "" }),
        OperandField::Overtakable => text.push_str(if word >> 55 & 1 == 1 { ".ot" } else { "" }),
        OperandField::Fence { low, bits } => put!(text, "{}", extract(word, low, bits)),
    }
}

/// The suffixes for the two bits of a prediction; 1 stands for none.
pub(super) const PREDICTIONS: [&str; 4] = ["", "", ".nt", ".t"];

fn write_scalar(
    text: &mut String,
    word: u64,
    place: OperandPlace,
    register: RegisterOperand,
    constant: ConstantOperand,
) {
    let number = extract(word, place.scalar(), 7);
    if register != RegisterOperand::None && (place.selector() == 0 || word & place.selector() != 0)
    {
        put!(text, "%s{number}");
        return;
    }
    match constant {
        ConstantOperand::Signed => put!(text, "{}", (number << 1) as i8 >> 1),
        ConstantOperand::Mask => put!(text, "({}){}", number & 63, 1 - (number >> 6)),
        ConstantOperand::Special => {
            if let Some((_, name)) = SPECIAL.iter().find(|&&(special, _)| special == number) {
                put!(text, "%{name}");
            }
        }
        ConstantOperand::UpTo(_) | ConstantOperand::None => put!(text, "{number}"),
    }
}

/// Parts that are 0 are left out, but something is always written: the displacement, or the parentheses of host memory.
fn write_address(text: &mut String, word: u64, address: AddressForm) {
    let displacement = word as i32;
    let base = word & OperandPlace::Z.selector() != 0;
    let index = address == AddressForm::Indexed && word >> 40 & 255 != 0;
    if displacement != 0 || !(base || index || address == AddressForm::Host) {
        put!(text, "{displacement}");
    }
    if !(base || index || address == AddressForm::Host) {
        return;
    }
    text.push('(');
    if index {
        write_operand(text, &table::INDEX, word);
    }
    if base {
        if matches!(address, AddressForm::Indexed | AddressForm::Target) {
            text.push_str(", ");
        }
        write_operand(text, &table::BASE, word);
    }
    text.push(')');
}

fn write_operand(text: &mut String, operand: &OperandField, word: u64) {
    if let &OperandField::Scalar {
        place,
        register,
        constant,
    } = operand
    {
        write_scalar(text, word, place, register, constant);
    }
}
