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
