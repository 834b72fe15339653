//! The class of an argument or a result: which register of the host carries it. The classes of a
//! call's words go from the caller to the kernel as they are, packed by `veo_abi::word_class`.

use veo_abi::word_class::{self, PER_WORD};

/// Register class of one word of a native call. The class of the C interface that this lacks, an
/// address that may have a tag, is passed like an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum WordClass {
    /// Integers and pointers.
    Integer = word_class::INTEGER as u8,
    /// `float`, whose bits are the upper half of the word.
    Float = word_class::FLOAT as u8,
    /// `double`.
    Double = word_class::DOUBLE as u8,
}

/// The bits that only `Float` and `Double` set.
const FLOATING: u64 = 0xaaaa_aaaa_aaaa_aaaa;

impl WordClass {
    /// The class of word `index` of a call, by bits from another process. Words beyond the classes
    /// are integers.
    #[inline]
    pub(crate) fn at(packed: &[u64], index: usize) -> WordClass {
        match word_class::get(packed, index) {
            word_class::FLOAT => WordClass::Float,
            word_class::DOUBLE => WordClass::Double,
            _ => WordClass::Integer,
        }
    }

    /// Makes this the class of word `index`.
    #[inline]
    pub(crate) fn put(self, packed: &mut [u64], index: usize) {
        word_class::set(packed, index, self as u64);
    }
}

/// Whether integer registers carry all words of these classes.
#[inline]
pub(crate) fn are_integers(packed: &[u64]) -> bool {
    packed.iter().all(|bits| bits & FLOATING == 0)
}

/// Whether one of the first `count` words has no class, but is an address that may have a tag.
#[inline]
pub(crate) fn are_tagged(packed: &[u64], count: usize) -> bool {
    const LOWER: u64 = !FLOATING;
    let is_tagged = |bits: u64, wanted| (bits | bits >> 1) & wanted != wanted;
    let full = count / PER_WORD;
    let rest = LOWER & !(u64::MAX << (count % PER_WORD * 2));
    // Most calls have few words.
    if let ([bits], 0) = (packed, full) {
        return is_tagged(*bits, rest);
    }
    packed.iter().enumerate().any(|(at, bits)| {
        let wanted = match at {
            at if at < full => LOWER,
            at if at == full => rest,
            _ => 0,
        };
        is_tagged(*bits, wanted)
    })
}

/// The type that a native function returns, which decides what the result's word holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ResultClass {
    /// All 64 bits of the integer register: pointers, 64-bit integers, unknown types.
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

impl ResultClass {
    /// The kind of four bits from another process. Unused values count as words.
    pub(crate) fn from_bits(bits: u64) -> ResultClass {
        match bits & 0xf {
            1 => ResultClass::Float,
            2 => ResultClass::Double,
            3 => ResultClass::I8,
            4 => ResultClass::U8,
            5 => ResultClass::I16,
            6 => ResultClass::U16,
            7 => ResultClass::I32,
            8 => ResultClass::U32,
            _ => ResultClass::Word,
        }
    }

    /// The kind of an integer of this size and sign.
    pub(crate) fn integer(size: u64, signed: bool) -> ResultClass {
        match (size, signed) {
            (1, true) => ResultClass::I8,
            (1, false) => ResultClass::U8,
            (2, true) => ResultClass::I16,
            (2, false) => ResultClass::U16,
            (4, true) => ResultClass::I32,
            (4, false) => ResultClass::U32,
            _ => ResultClass::Word,
        }
    }

    /// The word of a result, from the registers that a function leaves.
    #[inline]
    pub(crate) fn word(self, integer: u64, float: u64) -> u64 {
        match self {
            ResultClass::Word => integer,
            ResultClass::Float => float << 32,
            ResultClass::Double => float,
            ResultClass::I8 => integer as i8 as u64,
            ResultClass::U8 => integer as u8 as u64,
            ResultClass::I16 => integer as i16 as u64,
            ResultClass::U16 => integer as u16 as u64,
            ResultClass::I32 => integer as i32 as u64,
            ResultClass::U32 => integer as u32 as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_read_as_it_was_written() {
        let all = [WordClass::Integer, WordClass::Float, WordClass::Double];
        let classes: Vec<WordClass> = (0..200usize).map(|n| all[n * 7 % 5 % 3]).collect();
        let mut packed = [u64::MAX; 7];
        for (index, class) in classes.iter().enumerate() {
            class.put(&mut packed, index);
        }
        for (index, class) in classes.iter().enumerate() {
            assert_eq!(WordClass::at(&packed, index), *class);
        }
        assert_eq!(WordClass::at(&packed, 7 * PER_WORD), WordClass::Integer);
    }

    #[test]
    fn a_word_without_a_class_is_found_wherever_it_is() {
        for count in [0usize, 1, 31, 32, 33, 64, 100] {
            let mut packed = vec![0; word_class::words_for(count)];
            for index in 0..count {
                [WordClass::Integer, WordClass::Float, WordClass::Double][index % 3]
                    .put(&mut packed, index);
            }
            assert!(!are_tagged(&packed, count));
            for index in 0..count {
                let mut other = packed.clone();
                other[index / PER_WORD] &= !(3 << (index % PER_WORD * 2));
                assert!(are_tagged(&other, count) && !are_tagged(&other, index));
            }
        }
    }

    #[test]
    fn one_floating_word_makes_a_difference() {
        let mut packed = [0; 2];
        for index in 0..2 * PER_WORD {
            WordClass::Integer.put(&mut packed, index);
        }
        assert!(are_integers(&packed) && are_integers(&[0]) && are_integers(&[]));
        for index in 0..2 * PER_WORD {
            let mut other = packed;
            WordClass::Float.put(&mut other, index);
            assert!(!are_integers(&other));
            WordClass::Double.put(&mut other, index);
            assert!(!are_integers(&other));
        }
    }
}
