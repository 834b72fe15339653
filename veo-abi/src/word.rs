//! Scalars as arguments and results: one 64-bit word each, in a register or a stack slot of the VE.

use crate::ScalarType;

/// A 64-bit argument or result word.
///
/// Integers are sign- or zero-extended from their own width. A `double` is stored as its bits,
/// a `float` in the upper half above 32 zero bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Word(pub u64);

mod sealed {
    pub trait Sealed {}
}

/// A Rust scalar that a VE register can hold. Implemented for the integer types
/// up to 64 bits, `isize`, `usize`, `f32` and `f64`, and for nothing else.
pub trait Scalar: Copy + Send + Sync + 'static + sealed::Sealed {
    /// The C type of the argument or result.
    const TYPE: ScalarType;

    /// The word that carries this value.
    fn to_word(self) -> Word;

    /// The value that a word carries. Bits beyond the type's width are ignored.
    fn from_word(word: Word) -> Self;
}

macro_rules! integers {
    ($($ty:ident $scalar:ident),*) => {$(
        impl sealed::Sealed for $ty {}

        impl Scalar for $ty {
            const TYPE: ScalarType = ScalarType::$scalar;

            // `as` extends by the sign of the source type, which is what the VE expects.
            fn to_word(self) -> Word {
                Word(self as u64)
            }

            fn from_word(word: Word) -> Self {
                word.0 as $ty
            }
        }
    )*};
}

integers!(i8 I8, i16 I16, i32 I32, i64 I64, u8 U8, u16 U16, u32 U32, u64 U64);

// On the VE both are 64 bits wide. Hosts of other widths have no libveo.
#[cfg(target_pointer_width = "64")]
integers!(isize I64, usize U64);

impl sealed::Sealed for f32 {}

impl Scalar for f32 {
    const TYPE: ScalarType = ScalarType::F32;

    fn to_word(self) -> Word {
        Word(u64::from(self.to_bits()) << 32)
    }

    fn from_word(word: Word) -> Self {
        f32::from_bits((word.0 >> 32) as u32)
    }
}

impl sealed::Sealed for f64 {}

impl Scalar for f64 {
    const TYPE: ScalarType = ScalarType::F64;

    fn to_word(self) -> Word {
        Word(self.to_bits())
    }

    fn from_word(word: Word) -> Self {
        f64::from_bits(word.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_extended_by_their_own_sign() {
        assert_eq!((-1i8).to_word(), Word(u64::MAX));
        assert_eq!(u8::MAX.to_word(), Word(0xff));
        assert_eq!(i32::MIN.to_word(), Word(0xffff_ffff_8000_0000));
        assert_eq!(u32::MAX.to_word(), Word(0xffff_ffff));
    }

    #[test]
    fn a_float_sits_in_the_upper_half() {
        assert_eq!(1.0f32.to_word(), Word(0x3f80_0000_0000_0000));
        assert_eq!(1.0f64.to_word(), Word(0x3ff0_0000_0000_0000));
    }

    #[test]
    fn nan_payloads_survive() {
        let single = f32::from_bits(0x7f80_0001);
        assert_eq!(f32::from_word(single.to_word()).to_bits(), 0x7f80_0001);
        let double = f64::from_bits(0xfff0_0000_0000_0001);
        assert_eq!(
            f64::from_word(double.to_word()).to_bits(),
            0xfff0_0000_0000_0001
        );
    }

    #[test]
    fn bits_beyond_the_width_are_ignored() {
        assert_eq!(i16::from_word(Word(0xdead_ffff)), -1);
        assert_eq!(u8::from_word(Word(0x1ff)), 0xff);
    }
}
