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

/// The content of fresh memory, eight bytes: a signalling NaN as `double`, as `float` a signalling and
/// a quiet one, and no index or length as an integer.
pub(crate) const FRESH: u64 = 0x7ff4_0000_7fa0_0000;

/// The content of the memory around a block, by address: no byte that programs often write.
pub(crate) const PATTERN: u64 = 0xb5c7_d9a3_b7e5_93ad;

/// Bytes before and behind data on the stack of a call that hold the pattern.
const STACK_ZONE: u64 = 512;

/// Alignment of data on the stack of a call, and the room of the header before the zone before
/// them.
const STACK_ALIGN: u64 = 64;

/// Second word of a header, together with the first.
const STACK_KEY: u64 = 0x93e1_5ad7_b3c9_8f65;

/// A block and the range that is accessible with it, in VE addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GuardedSpan {
    /// The part that the program has asked for.
    pub(crate) block: Range<u64>,
    /// The block with the memory around it that is accessible, too.
    pub(crate) open: Range<u64>,
}

impl GuardedSpan {
    /// The words of a task.
    pub(crate) fn words(&self) -> [u64; 4] {
        let GuardedSpan { block, open } = self;
        [block.start, block.end, open.start, open.end]
    }

    /// The span of a task's words, if they are one inside `window`.
    pub(crate) fn from_words(words: &[u64], window: &Range<u64>) -> Option<GuardedSpan> {
        let &[start, end, from, to, ..] = words else {
            return None;
        };
        let in_order = window.start <= from && from <= start && start <= end && end <= to;
        (in_order && to <= window.end).then_some(GuardedSpan {
            block: start..end,
            open: from..to,
        })
    }

    /// Data of `len` bytes on the stack of a call.
    pub(crate) fn on_stack(start: u64, len: u64) -> GuardedSpan {
        let end = start + len;
        GuardedSpan {
            block: start..end,
            open: start - STACK_ZONE..end.next_multiple_of(STACK_ALIGN) + STACK_ZONE,
        }
    }

    /// The first place behind `end` where such data can be.
    pub(crate) fn next_on_stack(end: u64) -> u64 {
        end.next_multiple_of(STACK_ALIGN) + STACK_ALIGN + STACK_ZONE
    }

    /// A header, which tells the VE process how long such data are: its address, and two words.
    pub(crate) fn header(&self) -> (u64, [u64; 2]) {
        let len = self.block.end - self.block.start;
        (self.open.start - STACK_ALIGN, [len, len ^ STACK_KEY])
    }

    /// The data that begin at `start`, if there is a header for them in `area`, of which `word`
    /// gives words.
    pub(crate) fn of_header(
        start: u64,
        area: &Range<u64>,
        word: impl Fn(u64) -> u64,
    ) -> Option<GuardedSpan> {
        let least = area.start + STACK_ZONE + STACK_ALIGN;
        if !start.is_multiple_of(STACK_ALIGN) || start < least || start >= area.end {
            return None;
        }
        let at = start - STACK_ZONE - STACK_ALIGN;
        let (len, key) = (word(at), word(at + 8));
        if len ^ STACK_KEY != key || len > area.end - start {
            return None;
        }
        let span = GuardedSpan::on_stack(start, len);
        (span.open.end <= area.end).then_some(span)
    }

    /// How far an address is from the block.
    pub(crate) fn distance(&self, address: u64) -> u64 {
        let Range { start, end } = self.block;
        if address < start {
            start - address
        } else {
            (address + 1).saturating_sub(end)
        }
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
    fn data_on_the_stack_are_known_by_their_header() {
        let area = 0x1_0000..0x2_0000;
        let mut end = area.start;
        for len in [0, 1, 63, 64, 1000] {
            let start = GuardedSpan::next_on_stack(end);
            let span = GuardedSpan::on_stack(start, len);
            let (at, words) = span.header();
            assert!(at >= end && at + 16 <= span.open.start);
            assert!(span.before().count() >= 512 && span.behind().count() >= 512);
            let word = |address: u64| match address {
                _ if address == at => words[0],
                _ if address == at + 8 => words[1],
                _ => panic!("{address:#x} is no word of the header"),
            };
            assert_eq!(
                GuardedSpan::of_header(start, &area, word),
                Some(span.clone())
            );
            let spoiled = |address: u64| word(address) ^ (address - at) << 8;
            assert_eq!(GuardedSpan::of_header(start, &area, spoiled), None);
            end = span.open.end;
        }
        // Nothing outside of the area is read, nor a header that is no place of data.
        let none = |address: u64| -> u64 { panic!("{address:#x} is read") };
        for start in [0, 0x1_0000, 0x1_0200, 0x1_1001, 0x2_0000, !63] {
            assert_eq!(GuardedSpan::of_header(start, &area, none), None);
        }
        // Data that would reach beyond the area.
        let words = GuardedSpan::on_stack(0x1_f000, 0xf00).header().1;
        let long = |at: u64| words[(at >> 3 & 1) as usize];
        assert_eq!(GuardedSpan::of_header(0x1_f000, &area, long), None);
    }

    #[test]
    fn words_that_are_no_span_are_none() {
        let window = 0x1000..0x9000;
        let span = GuardedSpan {
            block: 0x2010..0x3000,
            open: 0x2000..0x3000,
        };
        assert_eq!(GuardedSpan::from_words(&span.words(), &window), Some(span));
        for wrong in [
            [0x2010, 0x3000, 0x2020, 0x3000],
            [0x2010, 0x3000, 0x2000, 0x2fff],
            [0x3000, 0x2010, 0x2000, 0x3000],
            [0x2010, 0x3000, 0x0fff, 0x3000],
            [0x2010, 0x3000, 0x2000, 0x9001],
        ] {
            assert_eq!(GuardedSpan::from_words(&wrong, &window), None, "{wrong:x?}");
        }
        assert_eq!(GuardedSpan::from_words(&[1, 2, 3], &window), None);
    }
}
