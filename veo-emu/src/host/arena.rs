//! The places of blocks of VE memory: best fit over a range of offsets. This touches no memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Smallest unit and alignment of a block.
const UNIT: u64 = 64;
/// Blocks of at least this size begin on a page.
const PAGE: u64 = 4096;

/// A range of offsets, handed out in blocks.
pub(crate) struct Arena {
    free_by_start: BTreeMap<u64, u64>,
    free_by_len: BTreeSet<(u64, u64)>,
    used: HashMap<u64, u64>,
}

impl Arena {
    /// An arena of the offsets from `start` to `end`.
    pub(crate) fn new(start: u64, end: u64) -> Arena {
        let mut arena = Arena {
            free_by_start: BTreeMap::new(),
            free_by_len: BTreeSet::new(),
            used: HashMap::new(),
        };
        if start < end {
            arena.insert(start, end - start);
        }
        arena
    }

    fn insert(&mut self, start: u64, len: u64) {
        self.free_by_start.insert(start, len);
        self.free_by_len.insert((len, start));
    }

    fn remove(&mut self, start: u64, len: u64) {
        self.free_by_start.remove(&start);
        self.free_by_len.remove(&(len, start));
    }

    /// The length of the block that `size` bytes take.
    pub(crate) fn block_len(size: u64) -> Option<u64> {
        size.max(1).checked_next_multiple_of(UNIT)
    }

    /// Hands out a block, or `None` if no free range is long enough.
    pub(crate) fn alloc(&mut self, size: u64) -> Option<u64> {
        let len = Self::block_len(size)?;
        let align = if len >= PAGE { PAGE } else { UNIT };
        let (free_len, free_start) = self
            .free_by_len
            .range((len, 0)..)
            .copied()
            .find(|(free_len, start)| start.next_multiple_of(align) - start + len <= *free_len)?;
        let start = free_start.next_multiple_of(align);
        self.remove(free_start, free_len);
        if start > free_start {
            self.insert(free_start, start - free_start);
        }
        let (end, free_end) = (start + len, free_start + free_len);
        if end < free_end {
            self.insert(end, free_end - end);
        }
        self.used.insert(start, len);
        Some(start)
    }

    /// Takes a block back. Returns its length and the free range it is now part
    /// of, or `None` if no block begins there.
    pub(crate) fn free(&mut self, start: u64) -> Option<(u64, std::ops::Range<u64>)> {
        let len = self.used.remove(&start)?;
        let (mut from, mut to) = (start, start + len);
        if let Some((&before, &before_len)) = self.free_by_start.range(..start).next_back()
            && before + before_len == start
        {
            self.remove(before, before_len);
            from = before;
        }
        if let Some((&after, &after_len)) = self.free_by_start.range(to..).next()
            && after == to
        {
            self.remove(after, after_len);
            to += after_len;
        }
        self.insert(from, to - from);
        Some((len, from..to))
    }
}

/// A set of offsets, kept as disjoint ranges.
#[derive(Default)]
pub(crate) struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    /// Whether every offset from `start` to `end` is in the set.
    pub(crate) fn cover(&self, start: u64, end: u64) -> bool {
        start >= end
            || self
                .0
                .range(..=start)
                .next_back()
                .is_some_and(|(_, to)| *to >= end)
    }

    /// The parts of `start..end` that are not in the set.
    pub(crate) fn missing(&self, start: u64, end: u64) -> Vec<(u64, u64)> {
        let mut gaps = Vec::new();
        let mut at = start;
        let first = self
            .0
            .range(..=start)
            .next_back()
            .map_or(start, |(from, _)| *from);
        for (&from, &to) in self.0.range(first..end) {
            if from > at {
                gaps.push((at, from));
            }
            at = at.max(to);
        }
        if at < end {
            gaps.push((at, end));
        }
        gaps
    }

    /// Adds a range. Returns how many offsets are new.
    pub(crate) fn add(&mut self, mut start: u64, mut end: u64) -> u64 {
        let new = self.missing(start, end).iter().map(|(a, b)| b - a).sum();
        if let Some((&from, &to)) = self.0.range(..=start).next_back()
            && to >= start
        {
            start = from;
            end = end.max(to);
        }
        while let Some((&from, &to)) = self.0.range(start..=end).next() {
            self.0.remove(&from);
            end = end.max(to);
        }
        self.0.insert(start, end);
        new
    }

    /// Removes a range.
    pub(crate) fn remove(&mut self, start: u64, end: u64) {
        if start >= end {
            return;
        }
        if let Some((&from, &to)) = self.0.range(..start).next_back()
            && to > start
        {
            self.0.insert(from, start);
            if to > end {
                self.0.insert(end, to);
            }
        }
        while let Some((&from, &to)) = self.0.range(start..end).next() {
            self.0.remove(&from);
            if to > end {
                self.0.insert(end, to);
            }
        }
    }

    /// The end of the last range.
    pub(crate) fn end(&self) -> u64 {
        self.0.last_key_value().map_or(0, |(_, to)| *to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_never_overlap_and_all_comes_back() {
        let size = 1 << 22;
        let mut arena = Arena::new(0, size);
        let mut blocks: Vec<(u64, u64)> = Vec::new();
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..20_000 {
            if random.u8(..3) == 0 && !blocks.is_empty() {
                let (start, len) = blocks.swap_remove(random.usize(..blocks.len()));
                let (freed, range) = arena.free(start).unwrap();
                assert_eq!(freed, len);
                assert!(range.start <= start && range.end >= start + len);
                assert!(arena.free(start).is_none());
            } else {
                let wanted = random.u64(..9000);
                if let Some(start) = arena.alloc(wanted) {
                    let len = Arena::block_len(wanted).unwrap();
                    assert!(start + len <= size);
                    assert!(start.is_multiple_of(if len >= 4096 { 4096 } else { 64 }));
                    blocks.push((start, len));
                }
            }
        }
        blocks.sort_unstable();
        for pair in blocks.windows(2) {
            assert!(pair[0].0 + pair[0].1 <= pair[1].0);
        }
        for (start, _) in blocks {
            arena.free(start).unwrap();
        }
        assert_eq!(arena.alloc(size), Some(0));
        assert_eq!(arena.alloc(1), None);
        assert_eq!(arena.alloc(u64::MAX), None);
    }

    #[test]
    fn ranges_agree_with_a_bitmap() {
        let mut ranges = Ranges::default();
        let mut bits = [false; 100];
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..5000 {
            let (a, b) = (random.usize(..100), random.usize(..100));
            let (a, b) = (a.min(b), a.max(b));
            match random.u8(..4) {
                0 | 1 if a < b => {
                    let new = bits[a..b].iter().filter(|bit| !**bit).count() as u64;
                    assert_eq!(ranges.add(a as u64, b as u64), new);
                    bits[a..b].fill(true);
                }
                2 => {
                    ranges.remove(a as u64, b as u64);
                    bits[a..b].fill(false);
                }
                _ => {
                    let all = bits[a..b].iter().all(|bit| *bit);
                    assert_eq!(ranges.cover(a as u64, b as u64), all);
                    let missing: u64 = ranges
                        .missing(a as u64, b as u64)
                        .iter()
                        .map(|(a, b)| b - a)
                        .sum();
                    assert_eq!(
                        missing,
                        bits[a..b].iter().filter(|bit| !**bit).count() as u64
                    );
                }
            }
            let end = bits
                .iter()
                .rposition(|bit| *bit)
                .map_or(0, |at| at as u64 + 1);
            assert_eq!(ranges.end(), end);
        }
    }
}
