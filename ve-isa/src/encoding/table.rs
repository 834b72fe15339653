//! The table of encodings, made of `encodings.txt` by the build script.

use std::sync::LazyLock;

use super::operand::SPECIAL;
use super::{ConditionCode, Rounding};

include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// The number of a vector register that stands for the one whose number is in the register VIXR.
pub const VIX: u8 = 255;

/// All encodings, in the order of their first bytes.
///
/// Each row knows the words that it describes and their text. A word may fit several rows; [`decode`](super::decode) takes the
/// first.
#[must_use]
pub fn rows() -> &'static [Row] {
    &ROWS
}

/// The first row that describes a word.
pub(super) fn find(word: u64) -> Option<&'static Row> {
    let byte = (word >> 56) as usize;
    ROWS[FIRST[byte].into()..FIRST[byte + 1].into()]
        .iter()
        .find(|row| row.describes(word))
}

impl Op {
    /// Its name in assembly, without the parts that depend on operands: `adds.w.sx`, but `br.l` for `brgt.l`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Which vector registers it names.
    pub(crate) fn vector_operands(self) -> VectorOperands {
        static ALL: LazyLock<Vec<VectorOperands>> = LazyLock::new(|| {
            let mut all = vec![VectorOperands::default(); Op::NAMES.len()];
            for row in &ROWS {
                let operands = &mut all[row.op as usize];
                for field in row.fields() {
                    match field {
                        OperandField::Vector(OperandPlace::X) => operands.x = true,
                        OperandField::Vector(OperandPlace::Y) => operands.y = true,
                        OperandField::Vector(OperandPlace::Z) => operands.z = true,
                        OperandField::Vector(OperandPlace::W) => operands.w = true,
                        _ => {}
                    }
                }
            }
            all
        });
        ALL[self as usize]
    }

    /// How sure it is that this crate knows what the operation does, the least of its rows.
    #[must_use]
    pub fn mark(self) -> Mark {
        ROWS.iter()
            .filter(|row| row.op == self)
            .map(|row| row.mark)
            .max()
            .unwrap_or(Mark::Unknown)
    }
}

/// Which of the fields of an instruction name vector registers: `vx`, `vy`, `vz`, `vw`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct VectorOperands {
    pub(crate) x: bool,
    pub(crate) y: bool,
    pub(crate) z: bool,
    pub(crate) w: bool,
}

/// How sure the meaning of an encoding is, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// Programs ran with this meaning and gave results that are known from elsewhere.
    Verified,
    /// A public source says it.
    Documented,
    /// It follows from how compilers use the instruction.
    Inferred,
    /// Nobody has said it in public.
    Unknown,
}

/// The vector operand of an instruction that a scalar one replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ScalarOperand {
    /// None: all that may be vectors are.
    None,
    /// The one in `vy`, by the scalar operand `y`; in gather and scatter by `x`.
    Y,
    /// The one in `vz`, by the scalar operand `y`.
    Z,
}

/// One encoding: the words that it describes, and their text.
#[derive(Debug)]
pub struct Row {
    mask: u64,
    word: u64,
    pub(super) op: Op,
    pub(super) condition: Option<u8>,
    pub(super) scalar: ScalarOperand,
    mark: Mark,
    pub(super) pieces: &'static [Piece],
}

impl Row {
    const fn new(
        word: u64,
        op: Op,
        condition: Option<u8>,
        scalar: ScalarOperand,
        mark: Mark,
        pieces: &'static [Piece],
    ) -> Self {
        let mut operands = 0;
        let mut rest = pieces;
        while let [piece, after @ ..] = rest {
            if let Piece::Field(field) = piece {
                operands |= field.bits();
            }
            rest = after;
        }
        assert!(word & operands == 0, "a bit of an operand is set");
        Self {
            mask: !operands,
            word,
            op,
            condition,
            scalar,
            mark,
            pieces,
        }
    }

    /// The bits that are the same in all words of this row.
    #[must_use]
    pub const fn mask(&self) -> u64 {
        self.mask
    }

    /// Their values.
    #[must_use]
    pub const fn value(&self) -> u64 {
        self.word
    }

    /// The operation of the instruction.
    #[must_use]
    pub const fn op(&self) -> Op {
        self.op
    }

    /// How sure it is that this crate knows what the instruction does.
    #[must_use]
    pub const fn mark(&self) -> Mark {
        self.mark
    }

    /// Which vector operand is a scalar one here.
    #[must_use]
    pub const fn scalar(&self) -> ScalarOperand {
        self.scalar
    }

    /// Whether a word is one of this row: its fixed bits are, and each operand is one that exists.
    #[must_use]
    pub fn describes(&self, word: u64) -> bool {
        word & self.mask == self.word && self.fields().all(|field| field.exists(word))
    }

    /// The encodings that a row stands for when each scalar operand is either a register or a constant, the mask is there or not, and
    /// each hint is one instruction of its own, as LLVM counts them: the fixed bits of each and their values.
    #[must_use]
    pub fn forms(&self) -> Vec<(u64, u64)> {
        let mut forms = vec![(self.mask, self.word)];
        for field in self.fields() {
            let (bits, values) = field.choices();
            if bits != 0 {
                forms = forms
                    .into_iter()
                    .flat_map(|(mask, word)| {
                        values
                            .iter()
                            .map(move |&(free, value)| (mask | bits & !free, word | value))
                    })
                    .collect();
            }
        }
        forms
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &OperandField> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Field(field) => Some(field),
            Piece::Text(_) => None,
        })
    }
}

/// A part of the text of an instruction.
#[derive(Debug)]
pub(super) enum Piece {
    Text(&'static str),
    Field(OperandField),
}

/// Which of the operands, hence which bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OperandPlace {
    X,
    Y,
    Z,
    W,
}

impl OperandPlace {
    /// The lowest of the seven bits of a scalar operand.
    pub(super) const fn scalar(self) -> u32 {
        match self {
            Self::X => 48,
            Self::Y => 40,
            Self::Z => 32,
            Self::W => 0,
        }
    }

    /// The bit that says whether a scalar operand is a register, where it may be something else.
    pub(super) const fn selector(self) -> u64 {
        match self {
            Self::Y => 1 << 47,
            Self::Z => 1 << 39,
            Self::X | Self::W => 0,
        }
    }

    /// The lowest of the eight bits of a vector operand.
    pub(super) const fn vector(self) -> u32 {
        match self {
            Self::X => 24,
            Self::Y => 16,
            Self::Z => 8,
            Self::W => 0,
        }
    }
}

/// The kinds of registers that a scalar operand may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RegisterOperand {
    /// It is never one.
    None,
    Single,
    /// A register with an even number, which stands for two.
    Pair,
}

/// The kinds of constants that a scalar operand may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConstantOperand {
    /// It is never a constant.
    None,
    /// -64 to 63.
    Signed,
    /// 0 to this number.
    UpTo(u8),
    /// A mask constant.
    Mask,
    /// The number of a special register.
    Special,
}

/// How an address is made and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AddressForm {
    /// `disp(sy, sz)`.
    Indexed,
    /// `disp(sz)`.
    Plain,
    /// `disp(sz)` in host memory.
    Host,
    /// `disp(, sz)`, where a branch goes.
    Target,
}

/// One operand of an instruction, or a hint.
#[derive(Debug)]
pub(super) enum OperandField {
    Scalar {
        place: OperandPlace,
        register: RegisterOperand,
        constant: ConstantOperand,
    },
    Address(AddressForm),
    Distance,
    Vector(OperandPlace),
    VectorMask(OperandPlace),
    Mask {
        pair: bool,
    },
    Condition {
        low: u32,
        float: bool,
    },
    Rounding {
        low: u32,
    },
    Prediction,
    NoAllocation,
    Overtakable,
    Fence {
        low: u32,
        bits: u32,
    },
}

pub(super) const DISPLACEMENT: u64 = 0xffff_ffff;

/// The operand `sy` of an address.
pub(super) const INDEX: OperandField = OperandField::Scalar {
    place: OperandPlace::Y,
    register: RegisterOperand::Single,
    constant: ConstantOperand::Signed,
};

/// The operand `sz` of an address.
pub(super) const BASE: OperandField = OperandField::Scalar {
    place: OperandPlace::Z,
    register: RegisterOperand::Single,
    constant: ConstantOperand::UpTo(0),
};

pub(super) const fn extract(word: u64, low: u32, bits: u32) -> u8 {
    (word >> low & ((1 << bits) - 1)) as u8
}

impl OperandField {
    /// The bits of a word that hold it.
    pub(super) const fn bits(&self) -> u64 {
        match self {
            Self::Scalar { place, .. } => 127 << place.scalar() | place.selector(),
            Self::Address(AddressForm::Indexed) => INDEX.bits() | BASE.bits() | DISPLACEMENT,
            Self::Address(_) => BASE.bits() | DISPLACEMENT,
            Self::Distance => DISPLACEMENT,
            Self::Vector(place) | Self::VectorMask(place) => 255 << place.vector(),
            Self::Mask { .. } => 15 << 48,
            Self::Fence { low, bits } => ((1 << *bits) - 1) << *low,
            Self::Condition { low, .. } | Self::Rounding { low } => 15 << *low,
            Self::Prediction => 3 << 52,
            Self::NoAllocation => 1 << 54,
            Self::Overtakable => 1 << 55,
        }
    }

    /// Bits that make one encoding several: for each those that stay free, and the values of the others.
    fn choices(&self) -> (u64, Vec<(u64, u64)>) {
        match *self {
            Self::Scalar {
                place,
                register,
                constant,
            } => {
                let bit = place.selector();
                let mut values = Vec::new();
                if constant != ConstantOperand::None {
                    values.push((0, 0));
                }
                if register != RegisterOperand::None {
                    values.push((0, bit));
                }
                (bit, values)
            }
            Self::Address(AddressForm::Indexed) => {
                let (base, bases) = BASE.choices();
                let (index, indices) = INDEX.choices();
                let both = |&(_, base): &(u64, u64)| {
                    indices.iter().map(move |&(_, index)| (0, base | index))
                };
                (base | index, bases.iter().flat_map(both).collect())
            }
            Self::Address(_) => BASE.choices(),
            Self::Mask { .. } => (self.bits(), vec![(self.bits(), 0), (0, 0)]),
            Self::Prediction => (self.bits(), [0, 2, 3].map(|hint| (0, hint << 52)).to_vec()),
            Self::NoAllocation | Self::Overtakable => (self.bits(), vec![(0, 0), (0, self.bits())]),
            _ => (0, Vec::new()),
        }
    }

    /// Whether the bits of a word are an instruction that exists.
    pub(super) fn exists(&self, word: u64) -> bool {
        match *self {
            Self::Scalar {
                place,
                register,
                constant,
            } => {
                let number = extract(word, place.scalar(), 7);
                if register != RegisterOperand::None
                    && (place.selector() == 0 || word & place.selector() != 0)
                {
                    number < 64 && (register == RegisterOperand::Single || number.is_multiple_of(2))
                } else {
                    word & place.selector() == 0
                        && match constant {
                            ConstantOperand::None => false,
                            ConstantOperand::Signed | ConstantOperand::Mask => true,
                            ConstantOperand::UpTo(last) => number <= last,
                            ConstantOperand::Special => {
                                SPECIAL.iter().any(|&(special, _)| special == number)
                            }
                        }
                }
            }
            Self::Address(AddressForm::Indexed) => INDEX.exists(word) && BASE.exists(word),
            Self::Address(_) => BASE.exists(word),
            Self::Vector(place) => matches!(extract(word, place.vector(), 8), 0..64 | VIX),
            Self::VectorMask(place) => extract(word, place.vector(), 8) < 16,
            Self::Mask { pair } => !pair || word >> 48 & 1 == 0,
            Self::Rounding { low } => Rounding::from_number(extract(word, low, 4)).is_some(),
            Self::Prediction => word >> 52 & 3 != 1,
            Self::Condition { low, float } => {
                float || ConditionCode::from_number(extract(word, low, 4)).is_of_integers()
            }
            Self::Distance | Self::Fence { .. } | Self::NoAllocation | Self::Overtakable => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_has_one_name() {
        let mut names: Vec<&str> = Op::ALL.iter().map(|op| op.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Op::ALL.len());
        assert_eq!(Op::AddsWSx.name(), "adds.w.sx");
        assert_eq!(Op::PvfmadLo.name(), "pvfmad.lo");
    }

    #[test]
    fn unknown_instructions_are_marked() {
        assert_eq!(Op::Ld.mark(), Mark::Verified);
        assert_eq!(Op::FaddQ.mark(), Mark::Documented);
        assert_eq!(Op::Ts2am.mark(), Mark::Unknown);
    }
}
