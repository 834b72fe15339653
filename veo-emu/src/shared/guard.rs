//! How blocks of VE memory are guarded: where they lie, and what the memory around them holds.
//! The host places blocks; the VE side opens and closes their pages and checks the memory around them.

use std::ops::Range;

/// Where blocks lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Guarding {
    /// Side by side, in memory that is accessible as far as it was ever used.
    #[default]
    Off,
    /// They begin with a page, and the pages before and behind them are closed.
    Start,
    /// They end with a page as far as their alignment allows, between closed pages.
    End,
    /// With accessible memory before and behind them, which a sanitizer watches.
    Zones,
}

impl Guarding {
    /// Whether the VE process opens and closes blocks.
    pub(crate) fn is_on(self) -> bool {
        self != Guarding::Off
    }

    /// Whether pages are closed, and the memory around blocks holds the pattern.
    pub(crate) fn closes_pages(self) -> bool {
        matches!(self, Guarding::Start | Guarding::End)
    }
}

/// Alignment of a block that is guarded.
pub(crate) const ALIGN: u64 = 16;

/// Closed addresses between what is open around two blocks: a wild index may go far.
pub(crate) const GAP: u64 = 64 << 10;

/// Bytes before and behind a block of [`Guarding::Zones`].
pub(crate) const ZONE: u64 = 4096;

/// What fresh memory holds, eight bytes: a signalling NaN as `double`, as `float` a signalling
/// and a quiet one, and no index or length as an integer.
pub(crate) const FRESH: u64 = 0x7ff4_0000_7fa0_0000;

/// What the memory around a block holds, by address: no byte that programs often write.
pub(crate) const PATTERN: u64 = 0xb5c7_d9a3_b7e5_93ad;

/// A block and what is accessible with it, in VE addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// What the program has asked for.
    pub(crate) block: Range<u64>,
    /// The block with the memory around it that is accessible, too.
    pub(crate) open: Range<u64>,
}

impl Span {
    /// The words of a task.
    pub(crate) fn words(&self) -> [u64; 4] {
        let Span { block, open } = self;
        [block.start, block.end, open.start, open.end]
    }

    /// The span of a task's words, if they are one inside `window`.
    pub(crate) fn from_words(words: &[u64], window: &Range<u64>) -> Option<Span> {
        let &[start, end, from, to, ..] = words else {
            return None;
        };
        let in_order = window.start <= from && from <= start && start <= end && end <= to;
        (in_order && to <= window.end).then_some(Span {
            block: start..end,
            open: from..to,
        })
    }

    /// The memory before the block that holds the pattern.
    pub(crate) fn before(&self) -> Range<u64> {
        self.open.start..self.block.start
    }

    /// The memory behind the block that holds the pattern.
    pub(crate) fn behind(&self) -> Range<u64> {
        self.block.end..self.open.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_memory_is_no_number() {
        assert!(f64::from_bits(FRESH).is_nan());
        assert_eq!(FRESH & 1 << 51, 0, "quiet");
        let halves = [FRESH as u32, (FRESH >> 32) as u32];
        assert!(halves.iter().all(|half| f32::from_bits(*half).is_nan()));
        assert_eq!(halves[0] & 1 << 22, 0, "quiet");
    }

    #[test]
    fn words_that_are_no_span_are_none() {
        let window = 0x1000..0x9000;
        let span = Span {
            block: 0x2010..0x3000,
            open: 0x2000..0x3000,
        };
        assert_eq!(Span::from_words(&span.words(), &window), Some(span));
        for wrong in [
            [0x2010, 0x3000, 0x2020, 0x3000],
            [0x2010, 0x3000, 0x2000, 0x2fff],
            [0x3000, 0x2010, 0x2000, 0x3000],
            [0x2010, 0x3000, 0x0fff, 0x3000],
            [0x2010, 0x3000, 0x2000, 0x9001],
        ] {
            assert_eq!(Span::from_words(&wrong, &window), None, "{wrong:x?}");
        }
        assert_eq!(Span::from_words(&[1, 2, 3], &window), None);
    }
}
