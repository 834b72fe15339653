//! The classes of a call's words, packed as `veo_emu_call_async` takes them: two bits each,
//! [`PER_WORD`] to a word, the first in the lowest bits.

use crate::ffi::{
    VEO_EMU_CLASS_DOUBLE, VEO_EMU_CLASS_FLOAT, VEO_EMU_CLASS_HMEM, VEO_EMU_CLASS_INTEGER,
    veo_emu_class,
};

/// An address that may have the tag of its process. A word without a class is one, too.
pub const HMEM: u64 = bits_of(VEO_EMU_CLASS_HMEM);
/// An integer or a pointer.
pub const INTEGER: u64 = bits_of(VEO_EMU_CLASS_INTEGER);
/// A `float`, whose bits are the upper half of the word.
pub const FLOAT: u64 = bits_of(VEO_EMU_CLASS_FLOAT);
/// A `double`.
pub const DOUBLE: u64 = bits_of(VEO_EMU_CLASS_DOUBLE);

/// Classes in one word.
pub const PER_WORD: usize = 32;

const MASK: u64 = 3;

/// The bits of a class of the interface.
const fn bits_of(class: veo_emu_class) -> u64 {
    assert!(class as u64 <= MASK);
    class as u64
}

const fn shift(index: usize) -> usize {
    index % PER_WORD * 2
}

/// How many words the classes of `count` words take.
#[inline]
#[must_use]
pub const fn words_for(count: usize) -> usize {
    count.div_ceil(PER_WORD)
}

/// The class of word `index` of a call. Words beyond the classes have none.
#[inline]
#[must_use]
pub fn get(packed: &[u64], index: usize) -> u64 {
    packed.get(index / PER_WORD).copied().unwrap_or(HMEM) >> shift(index) & MASK
}

/// Makes `class` the class of word `index`, if there is room for it.
#[inline]
pub fn set(packed: &mut [u64], index: usize, class: u64) {
    if let Some(bits) = packed.get_mut(index / PER_WORD) {
        *bits = *bits & !(MASK << shift(index)) | (class & MASK) << shift(index);
    }
}

/// `packed` with the class of word `index`, which had none, among the first [`PER_WORD`].
#[inline]
#[must_use]
pub const fn with(packed: u64, index: usize, class: u64) -> u64 {
    packed | class << shift(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_packed_in_order() {
        let all = [INTEGER, FLOAT, DOUBLE, HMEM];
        let classes: Vec<u64> = (0..200usize).map(|n| all[n * 7 % 5 % 4]).collect();
        let mut packed = [u64::MAX; words_for(200)];
        for (index, class) in classes.iter().enumerate() {
            set(&mut packed, index, *class);
        }
        for (index, class) in classes.iter().enumerate() {
            assert_eq!(get(&packed, index), *class);
        }
        let first = classes[..PER_WORD].iter().enumerate();
        let first = first.fold(0, |packed, (index, class)| with(packed, index, *class));
        assert_eq!(first, packed[0]);
        // The interface has the first class in the lowest bits.
        assert_eq!(with(with(0, 0, FLOAT), 1, INTEGER), 0b0110);
    }

    #[test]
    fn no_room_means_no_class() {
        let mut packed = [u64::MAX; 2];
        set(&mut packed, 2 * PER_WORD, FLOAT);
        assert_eq!(packed, [u64::MAX; 2]);
        assert_eq!(get(&packed, 2 * PER_WORD), HMEM);
    }
}
