//! A word of machine code to an instruction as an interpreter wants it.

use super::operand::{self, ZERO};
use super::table::{
    self, AddressForm, ConstantOperand, Op, OperandField, OperandPlace, RegisterOperand, Row,
    ScalarOperand, extract,
};
use super::{ConditionCode, Rounding};

/// A decoded instruction, 16 bytes.
///
/// It is made by [`decode`] alone, so what its functions return is always valid: indices of scalar operands lie below
/// [`operand::COUNT`], that of a destination among the registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Insn {
    op: Op,
    cc: u8,
    mask: u8,
    x: u16,
    y: u16,
    z: u16,
    scalar: ScalarOperand,
    low: u32,
}

const _: () = assert!(size_of::<Insn>() == 16);

/// The instruction that a word is, or nothing if it is none.
///
/// The word is the one that the eight bytes in memory make as a little-endian number.
#[must_use]
pub fn decode(word: u64) -> Option<Insn> {
    table::find(word).map(|row| of_row(row, word))
}

fn of_row(row: &Row, word: u64) -> Insn {
    let mut insn = Insn {
        op: row.op,
        cc: row.condition.unwrap_or(0),
        mask: 0,
        x: 0,
        y: ZERO as u16,
        z: ZERO as u16,
        scalar: row.scalar,
        low: word as u32,
    };
    for field in row.fields() {
        match *field {
            OperandField::Scalar { place, .. } => {
                let index = index_of(field, word);
                match place {
                    OperandPlace::X | OperandPlace::W => insn.x = index,
                    OperandPlace::Y => insn.y = index,
                    OperandPlace::Z => insn.z = index,
                }
            }
            OperandField::Address(address) => {
                if address == AddressForm::Indexed {
                    insn.y = index_of(&table::INDEX, word);
                }
                insn.z = index_of(&table::BASE, word);
            }
            OperandField::Mask { .. } => insn.mask = extract(word, 48, 4),
            OperandField::Condition { low, .. } | OperandField::Rounding { low } => {
                insn.cc = extract(word, low, 4)
            }
            OperandField::Fence { low, bits } => insn.cc = extract(word, low, bits),
            OperandField::Distance
            | OperandField::Vector(_)
            | OperandField::VectorMask(_)
            | OperandField::Prediction
            | OperandField::NoAllocation
            | OperandField::Overtakable => {}
        }
    }
    insn
}

/// The index of a scalar operand that is known to exist.
fn index_of(field: &OperandField, word: u64) -> u16 {
    let &OperandField::Scalar {
        place,
        register,
        constant,
    } = field
    else {
        return ZERO as u16;
    };
    let number = extract(word, place.scalar(), 7);
    if register != RegisterOperand::None && (place.selector() == 0 || word & place.selector() != 0)
    {
        return u16::from(number & 63);
    }
    match constant {
        ConstantOperand::Mask => operand::mask_constant(number) as u16,
        // Bit 6 is the sign.
        ConstantOperand::Signed => ((ZERO as i16) + i16::from((number << 1) as i8 >> 1)) as u16,
        ConstantOperand::UpTo(_) | ConstantOperand::Special | ConstantOperand::None => {
            ZERO as u16 + u16::from(number)
        }
    }
}

/// The index of a scalar operand, so that nobody has to compare it with [`operand::COUNT`] again.
#[inline(always)]
const fn known(index: u16) -> usize {
    // SAFETY: an instruction is made by `of_row` alone, of 0, `ZERO` and `index_of`: a register of six bits, a mask constant of a
    // code of seven bits, or `ZERO` and a number from -64 to 127.
    unsafe { std::hint::assert_unchecked((index as usize) < operand::COUNT) };
    index as usize
}

impl Insn {
    /// Its operation.
    #[must_use]
    #[inline]
    pub const fn op(&self) -> Op {
        self.op
    }

    /// The index of the scalar register `sx`, destination or what is stored, below [`operand::REGISTERS`]. In gather and scatter with
    /// [`ScalarOperand::Y`] it is `sw`, the one address for all elements. 0 where there is none.
    #[must_use]
    #[inline]
    pub const fn x(&self) -> usize {
        known(self.x)
    }

    /// The index of the scalar operand `sy`, below [`operand::COUNT`]. [`operand::ZERO`] where there is none.
    #[must_use]
    #[inline]
    pub const fn y(&self) -> usize {
        known(self.y)
    }

    /// The index of the scalar operand `sz`, below [`operand::COUNT`]. [`operand::ZERO`] where there is none.
    #[must_use]
    #[inline]
    pub const fn z(&self) -> usize {
        known(self.z)
    }

    /// The displacement or distance in bytes, in instructions that have one.
    #[must_use]
    #[inline]
    pub const fn imm(&self) -> i64 {
        self.low as i32 as i64
    }

    /// The number in the field `vx`: of a vector register, below 64 or [`VIX`](super::VIX), or of a mask register, below 16. It has no
    /// meaning in instructions without it; so for the others.
    #[must_use]
    #[inline]
    pub const fn vx(&self) -> u8 {
        (self.low >> 24) as u8
    }

    /// The number in the field `vy`.
    #[must_use]
    #[inline]
    pub const fn vy(&self) -> u8 {
        (self.low >> 16) as u8
    }

    /// The number in the field `vz`.
    #[must_use]
    #[inline]
    pub const fn vz(&self) -> u8 {
        (self.low >> 8) as u8
    }

    /// The number in the field `vw`.
    #[must_use]
    #[inline]
    pub const fn vw(&self) -> u8 {
        self.low as u8
    }

    /// Which vector operand is a scalar one.
    #[must_use]
    #[inline]
    pub const fn scalar(&self) -> ScalarOperand {
        self.scalar
    }

    /// The number of the mask register that says which elements take part, 0 if all do. Packed instructions use this one for the upper
    /// lanes and the next for the lower ones.
    #[must_use]
    #[inline]
    pub const fn mask(&self) -> u8 {
        self.mask
    }

    /// The condition of a branch, a conditional move, or the making of a mask.
    #[must_use]
    #[inline]
    pub const fn condition(&self) -> ConditionCode {
        ConditionCode::from_number(self.cc)
    }

    /// How a conversion to an integer rounds.
    #[must_use]
    #[inline]
    pub const fn rounding(&self) -> Rounding {
        match Rounding::from_number(self.cc) {
            Some(rounding) => rounding,
            None => Rounding::Psw,
        }
    }

    /// Which kind of fence `fencem` or `fencec` is.
    #[must_use]
    #[inline]
    pub const fn fence(&self) -> u8 {
        self.cc
    }
}
