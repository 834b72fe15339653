//! Operations on vectors: up to 256 elements of 64 bits, or twice as many lanes of 32.
//!
//! Functions work on the vector registers as one array, [`Registers`], since a destination often is a source, too. All elements of
//! all sources count as read before the destination changes. An [`Active`] says which elements take part. All others keep the
//! destination's values and raise nothing: they raise no exception.
//!
//! - [`elementwise`]: the loops over elements and lanes, for functions of one element.
//! - [`integer`], [`float`]: functions of one element.
//! - [`reduce`], [`iterate`]: all elements to one, and each from the one before.
//! - [`moves`]: elements to other places.
//! - [`mask`]: mask registers.
//! - [`address`]: where elements are in memory.
//!
//! The functions say which facts are not known and therefore chosen here.

pub mod address;
pub mod elementwise;
pub mod float;
pub mod integer;
pub mod iterate;
mod level;
pub mod mask;
pub mod moves;
pub mod reduce;
mod whole;

use crate::state::{ELEMENTS, Mask, Vector};

/// All vector registers.
pub type Registers = [Vector; 64];

/// A source of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// The vector register with this number, of which the lowest six bits count.
    Vector(usize),
    /// The same for each element.
    Scalar(u64),
}

/// Which lanes of an element an operation computes. The bits of the others become 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Halves {
    /// `.lo`
    Lower = 0x0000_0000_ffff_ffff,
    /// `.up`
    Upper = 0xffff_ffff_0000_0000,
    /// Both lanes, or the element as one.
    Both = u64::MAX,
}

/// Which elements take part: those below VL that have a one in a mask.
#[derive(Clone, Copy, Debug)]
pub struct Active {
    vl: usize,
    /// The masks of the upper and the lower lanes, where there are any.
    masks: Option<[Mask; 2]>,
}

/// The bits of the elements below VL.
#[inline(always)]
fn below(vl: usize) -> Mask {
    std::array::from_fn(|word| word_below(vl, word))
}

/// The bits of the 64 elements from 64 times `word` on that are below VL.
#[inline(always)]
fn word_below(vl: usize, word: usize) -> u64 {
    match vl.saturating_sub(64 * word) {
        0 => 0,
        count @ 1..64 => (1 << count) - 1,
        _ => u64::MAX,
    }
}

#[inline(always)]
fn bit(mask: &Mask, index: usize) -> bool {
    mask[index / 64] >> (index % 64) & 1 == 1
}

impl Active {
    /// All elements below VL, which is at most 256.
    #[must_use]
    #[inline(always)]
    pub fn all(vl: usize) -> Self {
        Self {
            vl: vl.min(ELEMENTS),
            masks: None,
        }
    }

    /// The elements in use whose bit in a mask is one.
    #[must_use]
    #[inline(always)]
    pub fn masked(vl: usize, mask: &Mask) -> Self {
        Self::packed(vl, mask, mask)
    }

    /// As [`masked`](Self::masked), with a mask for the upper lanes and one for the lower.
    #[must_use]
    #[inline(always)]
    pub fn packed(vl: usize, upper: &Mask, lower: &Mask) -> Self {
        Self {
            vl: vl.min(ELEMENTS),
            masks: Some([*upper, *lower]),
        }
    }

    /// VL.
    #[must_use]
    #[inline(always)]
    pub fn vl(&self) -> usize {
        self.vl
    }

    /// Whether there is no mask.
    #[must_use]
    #[inline(always)]
    pub fn is_all(&self) -> bool {
        self.masks.is_none()
    }

    /// Bits for 64 elements from 64 times `word` on: whether their upper lanes take part, and their lower ones.
    #[inline(always)]
    fn words(&self, word: usize) -> (u64, u64) {
        let below = word_below(self.vl, word);
        match &self.masks {
            None => (below, below),
            Some([upper, lower]) => (upper[word] & below, lower[word] & below),
        }
    }

    /// Whether the upper lane of an element takes part; where there are no lanes, the element.
    #[must_use]
    #[inline(always)]
    pub fn upper(&self, index: usize) -> bool {
        index < self.vl
            && self
                .masks
                .as_ref()
                .is_none_or(|[upper, _]| bit(upper, index))
    }

    /// Whether the lower lane of an element takes part.
    #[must_use]
    #[inline(always)]
    pub fn lower(&self, index: usize) -> bool {
        index < self.vl
            && self
                .masks
                .as_ref()
                .is_none_or(|[_, lower]| bit(lower, index))
    }

    /// Ones for the lanes of an element that take part.
    fn bits(&self, index: usize) -> u64 {
        let mut bits = 0;
        if self.upper(index) {
            bits |= Halves::Upper as u64;
        }
        if self.lower(index) {
            bits |= Halves::Lower as u64;
        }
        bits
    }

    /// The elements that take part, in order, where there are no lanes.
    fn indices(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.vl).filter(|index| self.upper(*index))
    }
}
