//! The class of an argument or a result: which register of the host carries it.

/// Register class of one word of a native call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Class {
    /// Integers and pointers.
    Integer = 0,
    /// `float`, whose bits are the upper half of the word.
    Float = 1,
    /// `double`.
    Double = 2,
}

impl Class {
    /// The class of two bits that came from elsewhere; the unused value counts as integer.
    pub(crate) fn from_bits(bits: u64) -> Class {
        match bits & 3 {
            1 => Class::Float,
            2 => Class::Double,
            _ => Class::Integer,
        }
    }
}

/// What a native function returns, and so what is put into the result's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Returns {
    /// All 64 bits of the integer register: pointers, 64-bit integers, what is not known.
    Word = 0,
    /// `float`.
    Float = 1,
    /// `double`.
    Double = 2,
    /// Integers of which the host's register holds only the lower part for sure.
    I8 = 3,
    U8 = 4,
    I16 = 5,
    U16 = 6,
    I32 = 7,
    U32 = 8,
}

impl Returns {
    /// The kind of four bits that came from elsewhere; unused values count as words.
    pub(crate) fn from_bits(bits: u64) -> Returns {
        match bits & 0xf {
            1 => Returns::Float,
            2 => Returns::Double,
            3 => Returns::I8,
            4 => Returns::U8,
            5 => Returns::I16,
            6 => Returns::U16,
            7 => Returns::I32,
            8 => Returns::U32,
            _ => Returns::Word,
        }
    }

    /// The kind of an integer of this size and sign.
    pub(crate) fn integer(size: u64, signed: bool) -> Returns {
        match (size, signed) {
            (1, true) => Returns::I8,
            (1, false) => Returns::U8,
            (2, true) => Returns::I16,
            (2, false) => Returns::U16,
            (4, true) => Returns::I32,
            (4, false) => Returns::U32,
            _ => Returns::Word,
        }
    }

    /// The word of a result, from the registers that a function leaves.
    #[inline]
    pub(crate) fn word(self, integer: u64, float: u64) -> u64 {
        match self {
            Returns::Word => integer,
            Returns::Float => float << 32,
            Returns::Double => float,
            Returns::I8 => integer as i8 as u64,
            Returns::U8 => integer as u8 as u64,
            Returns::I16 => integer as i16 as u64,
            Returns::U16 => integer as u16 as u64,
            Returns::I32 => integer as i32 as u64,
            Returns::U32 => integer as u32 as u64,
        }
    }
}
