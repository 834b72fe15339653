//! Mask registers.
//!
//! Logic works on all 256 bits, whatever VL is; the making of a mask leaves those from VL on. Neither is known for the
//! Vector Engine; compiled code does not depend on it.

use super::{Active, Registers, below};
use crate::encoding::ConditionCode;
use crate::semantics::control::Relation;
use crate::state::Mask;

/// Applies `f` to each word of two masks.
#[inline(always)]
#[must_use]
pub fn logic(y: &Mask, z: &Mask, f: impl Fn(u64, u64) -> u64) -> Mask {
    std::array::from_fn(|word| f(y[word], z[word]))
}

/// `vfmk`: ones where an element takes part and is so to 0. Above VL the mask stays as it was.
#[inline(always)]
#[must_use]
pub fn compare(
    before: &Mask,
    v: &Registers,
    z: usize,
    active: &Active,
    condition: ConditionCode,
    relation: impl Fn(u64) -> Relation,
) -> Mask {
    let mut mask = [0; 4];
    for (word, elements) in mask.iter_mut().zip(v[z % 64].as_chunks::<64>().0) {
        for (index, element) in elements.iter().enumerate() {
            *word |= u64::from(condition.holds(relation(*element))) << index;
        }
    }
    let vl = below(active.vl);
    std::array::from_fn(|word| (mask[word] & active.words(word).0) | (before[word] & !vl[word]))
}

/// `pcvm`: the ones below VL.
#[must_use]
pub fn count(y: &Mask, vl: usize) -> u64 {
    logic(y, &below(vl), |y, vl| y & vl)
        .iter()
        .map(|word| u64::from(word.count_ones()))
        .sum()
}

/// `lzvm`: the index of the first one, VL if there is none below it.
#[must_use]
pub fn first(y: &Mask, vl: usize) -> u64 {
    let index = (0..vl).find(|index| super::bit(y, *index));
    index.unwrap_or(vl) as u64
}

/// `tovm`: the index of the last one below VL, plus 1; 0 if there is none.
#[must_use]
pub fn after_last(y: &Mask, vl: usize) -> u64 {
    let index = (0..vl).rfind(|index| super::bit(y, *index));
    index.map_or(0, |index| index as u64 + 1)
}

/// `lvm`: a mask with one word replaced. In the operand the first element is the highest bit.
#[must_use]
pub fn with_word(mut mask: Mask, word: u64, value: u64) -> Mask {
    mask[(word & 3) as usize] = value.reverse_bits();
    mask
}

/// `svm`: a word of a mask, its first element the highest bit.
#[must_use]
pub fn word(mask: &Mask, word: u64) -> u64 {
    mask[(word & 3) as usize].reverse_bits()
}
