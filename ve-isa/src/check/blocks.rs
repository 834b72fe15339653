//! The blocks of a machine whose memory is checked: those in use, and those freed lately.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Range;

use super::Leak;
use crate::defect::NearBlock;
use crate::memory::Window;

/// Closed bytes before and behind a block, at least.
pub(super) const ZONE: u64 = 16;

/// How far from a block an address may be that is said to be near it.
pub(super) const NEAR: u64 = 4096;

/// Freed blocks keep at most so many bytes from being used again, and so many blocks are remembered.
const KEPT: u64 = 16 << 20;
const REMEMBERED: usize = 1 << 16;

#[derive(Debug, Clone)]
struct CheckedBlock {
    size: u64,
    /// The beginning of the memory that was cut for it.
    cut: u64,
    allocated: u64,
    freed: Option<u64>,
    /// Whether it belongs to the host.
    kept: bool,
}

/// All blocks, by their addresses.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    live: BTreeMap<u64, CheckedBlock>,
    freed: BTreeMap<u64, CheckedBlock>,
    /// The freed ones whose memory is kept, the oldest first.
    order: VecDeque<u64>,
    /// How many bytes they have.
    held: u64,
}

impl Blocks {
    pub(super) fn allocated(&mut self, address: u64, size: u64, cut: u64, by: u64) {
        // Earlier blocks there are forgotten.
        let over: Vec<u64> = self
            .freed
            .range(..address + size + 1)
            .rev()
            .take_while(|(start, old)| **start + old.size > cut)
            .map(|(start, _)| *start)
            .collect();
        for start in over {
            self.freed.remove(&start);
        }
        let allocation = CheckedBlock {
            size,
            cut,
            allocated: by,
            freed: None,
            kept: false,
        };
        self.live.insert(address, allocation);
    }

    pub(super) fn keep(&mut self, address: u64) {
        if let Some(block) = self.live.get_mut(&address) {
            block.kept = true;
        }
    }

    pub(super) fn size(&self, address: u64) -> Result<u64, bool> {
        let block = self.live.get(&address);
        block
            .map(|block| block.size)
            .ok_or_else(|| self.freed.contains_key(&address))
    }

    /// Notes that a block is freed. The result is its size.
    pub(super) fn freed(&mut self, address: u64, by: u64) -> Result<u64, bool> {
        let Some(mut block) = self.live.remove(&address) else {
            return Err(self.freed.contains_key(&address));
        };
        let size = block.size;
        block.freed = Some(by);
        self.held += size;
        self.order.push_back(address);
        self.freed.insert(address, block);
        Ok(size)
    }

    /// Memory that was cut for freed blocks that need not be kept any more. The blocks are remembered until another takes
    /// their place.
    pub(super) fn take_old(&mut self) -> Vec<u64> {
        let mut old = Vec::new();
        while self.held > KEPT || self.order.len() > REMEMBERED {
            let Some(address) = self.order.pop_front() else {
                break;
            };
            if let Some(block) = self.freed.get_mut(&address) {
                self.held -= block.size;
                old.push(std::mem::take(&mut block.cut));
            }
        }
        while self.freed.len() > 2 * REMEMBERED {
            let first = self.freed.iter().find(|(_, block)| block.cut == 0);
            let Some(address) = first.map(|(address, _)| *address) else {
                break;
            };
            self.freed.remove(&address);
        }
        old
    }

    /// The block that is nearest to an address, if one is near.
    pub(super) fn near(&self, address: u64) -> Option<NearBlock> {
        let mut nearest: Option<(u64, u64, &CheckedBlock)> = None;
        for blocks in [&self.live, &self.freed] {
            let before = blocks.range(..=address).next_back();
            let behind = blocks.range(address..).next();
            for (start, block) in before.into_iter().chain(behind) {
                let end = start + block.size;
                let far = if address < *start {
                    start - address
                } else {
                    (address + 1).saturating_sub(end)
                };
                // If two are as far away, the one in use counts: it begins where a freed one was.
                if nearest.is_none_or(|(least, ..)| far < least) {
                    nearest = Some((far, *start, block));
                }
            }
        }
        let (far, address, block) = nearest?;
        (far <= NEAR).then(|| describe(address, block))
    }

    /// The block in use that an address is in, or just past.
    fn holding(&self, address: u64) -> Option<(u64, u64)> {
        let (start, block) = self.live.range(..=address).next_back()?;
        (address - start <= block.size).then_some((*start, block.size))
    }

    pub(super) fn leaks(&self, window: &Window, roots: &[Range<u64>]) -> Vec<Leak> {
        let mut reached: HashMap<u64, u64> = HashMap::new();
        let mut next: Vec<Range<u64>> = roots.to_vec();
        for (start, block) in self.live.iter().filter(|(_, block)| block.kept) {
            reached.insert(*start, block.size);
            next.push(*start..start + block.size);
        }
        let mut words = vec![0; 512];
        while let Some(range) = next.pop() {
            let mut at = range.start.next_multiple_of(8);
            let end = range.end / 8 * 8;
            while at < end {
                let count = ((end - at) / 8).min(words.len() as u64) as usize;
                // Unreadable memory holds no pointers.
                if window.read_words(at, &mut words[..count]).is_ok() {
                    for word in &words[..count] {
                        if let Some((start, size)) = self.holding(*word)
                            && reached.insert(start, size).is_none()
                        {
                            next.push(start..start + size);
                        }
                    }
                }
                at += 8 * count as u64;
            }
        }
        let mut leaks: BTreeMap<u64, Leak> = BTreeMap::new();
        for (start, block) in &self.live {
            if reached.contains_key(start) {
                continue;
            }
            let leak = leaks.entry(block.allocated).or_insert(Leak {
                allocated: block.allocated,
                blocks: 0,
                bytes: 0,
            });
            leak.blocks += 1;
            leak.bytes += block.size;
        }
        leaks.into_values().collect()
    }
}

fn describe(address: u64, block: &CheckedBlock) -> NearBlock {
    NearBlock {
        address,
        size: block.size,
        allocated: block.allocated,
        freed: block.freed,
    }
}
