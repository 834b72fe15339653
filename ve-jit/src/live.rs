//! Which registers each block of a region needs where control comes to it, and which of them may not be stored there yet.
//!
//! A register that is written is stored when somebody may see it: before an access to memory (up to a block's first store, before the first access
//! only), before a call, where control leaves the region. So it stays unstored from one block to the next; a loop without accesses stores nothing. A
//! value that is overwritten before anybody may see it is never stored.

use std::collections::{BTreeMap, BTreeSet};

use ve_isa::encoding::operand;

use crate::operation::{is_deferred, is_float, is_load, is_store, notes_overflow, shows, writes};
use crate::region::{Block, Flow, Region, flow};

/// Registers as bits of a number, and [`OVERFLOW`].
pub(crate) type StateSet = u128;

/// The note that a signed result did not fit.
pub(crate) const OVERFLOW: StateSet = 1 << operand::REGISTERS;

/// The live registers of a region.
#[derive(Debug)]
pub(crate) struct Live {
    before: BTreeMap<u64, StateSet>,
    unstored: BTreeMap<u64, StateSet>,
    seen: BTreeMap<u64, StateSet>,
    loops: BTreeSet<u64>,
    /// Blocks that control comes to from the one before alone.
    continued: BTreeSet<u64>,
    /// All that is needed somewhere.
    pub(crate) needed: StateSet,
}

impl Live {
    pub(crate) fn of(region: &Region) -> Self {
        let own: BTreeMap<u64, Own> = region
            .blocks
            .iter()
            .map(|(start, block)| (*start, Own::of(block, region)))
            .collect();
        let mut loops = BTreeSet::new();
        for (start, block) in &region.blocks {
            loops.extend(block.successors().filter(|target| target <= start));
        }
        let seen = backwards(region, |start, behind| {
            let own = &own[&start];
            own.read | own.sees(behind)
        });
        // A value that nobody reads is stored rather than carried along: values take registers of the host.
        let read = backwards(region, |start, behind| {
            let own = &own[&start];
            own.read | behind & !own.written
        });
        let loud = loud(region, &own);
        let unstored = unstored(region, &own, &|block| {
            if loud.contains(&block) {
                0
            } else {
                read[&block]
            }
        });
        let before = backwards(region, |start, behind| {
            let own = &own[&start];
            // A register that may be unstored has a value, whichever way control came.
            own.read | unstored[&start] | behind & !own.written
        });
        Self {
            needed: before.values().fold(0, |all, one| all | one)
                | own.values().fold(0, |all, own| all | own.inside),
            continued: continued(region),
            before,
            unstored,
            seen,
            loops,
        }
    }

    /// The registers that a block and those behind it need. None where no block of the region begins.
    pub(crate) fn before(&self, block: u64) -> StateSet {
        self.before.get(&block).copied().unwrap_or(0)
    }

    /// The registers that may be unstored where a block of the region begins.
    pub(crate) fn unstored(&self, block: u64) -> StateSet {
        self.unstored.get(&block).copied().unwrap_or(0)
    }

    /// The registers that are read from a block on, or stored so that somebody may see them, before they are overwritten.
    pub(crate) fn seen(&self, block: u64) -> StateSet {
        self.seen.get(&block).copied().unwrap_or(StateSet::MAX)
    }

    /// Whether control may come to a block from one that does not stand before it.
    pub(crate) fn is_loop(&self, block: u64) -> bool {
        self.loops.contains(&block)
    }

    /// Whether control comes to a block from the one before alone, and all that holds there still holds.
    pub(crate) fn is_continued(&self, block: u64) -> bool {
        self.continued.contains(&block)
    }
}

/// Sets of all blocks, each made of those of its successors by a function that only grows.
fn backwards(
    region: &Region,
    before: impl Fn(u64, StateSet) -> StateSet,
) -> BTreeMap<u64, StateSet> {
    let mut sets: BTreeMap<u64, StateSet> = region.blocks.keys().map(|start| (*start, 0)).collect();
    loop {
        let mut changed = false;
        // This goes backwards, so that most is known of the blocks behind.
        for (start, block) in region.blocks.iter().rev() {
            let behind = block
                .successors()
                .filter_map(|next| sets.get(&next))
                .fold(0, |all, one| all | one);
            let now = before(*start, behind);
            changed |= sets.insert(*start, now) != Some(now);
        }
        if !changed {
            return sets;
        }
    }
}

fn unstored(
    region: &Region,
    own: &BTreeMap<u64, Own>,
    carried: &dyn Fn(u64) -> StateSet,
) -> BTreeMap<u64, StateSet> {
    let mut sets: BTreeMap<u64, StateSet> = region.blocks.keys().map(|start| (*start, 0)).collect();
    loop {
        let mut changed = false;
        for (start, block) in &region.blocks {
            let behind = own[start].leaves_unstored(sets[start]);
            for next in block.successors() {
                if let Some(set) = sets.get_mut(&next) {
                    let now = *set | behind & carried(next);
                    changed |= *set != now;
                    *set = now;
                }
            }
        }
        if !changed {
            return sets;
        }
    }
}

/// The blocks of loops in which registers are shown to others. A register that came unstored into such a loop would be stored in each of its rounds.
fn loud(region: &Region, own: &BTreeMap<u64, Own>) -> BTreeSet<u64> {
    let mut loud = BTreeSet::new();
    for (end, block) in &region.blocks {
        for start in block.successors().filter(|start| start <= end) {
            let inside = || own.range(start..=*end);
            if inside().any(|(_, own)| own.shows || own.ends_stored) {
                loud.extend(inside().map(|(block, _)| *block));
            }
        }
    }
    loud
}

fn continued(region: &Region) -> BTreeSet<u64> {
    let mut predecessors: BTreeMap<u64, usize> = BTreeMap::from([(region.entry, 1)]);
    for block in region.blocks.values() {
        for next in block.successors() {
            *predecessors.entry(next).or_default() += 1;
        }
    }
    let starts = region.blocks.keys().copied();
    let pairs = region.blocks.values().zip(starts.skip(1));
    pairs
        .filter(|(block, start)| {
            let is_next = matches!(block.ending(), Some(Flow::Next | Flow::Branch(_)));
            is_next && block.end() == *start && predecessors.get(start) == Some(&1)
        })
        .map(|(_, start)| start)
        .collect()
}

/// The effects of the instructions of one block.
struct Own {
    /// Read before it is written.
    read: StateSet,
    written: StateSet,
    /// Read at all.
    inside: StateSet,
    /// Written before the first instruction that shows registers to others; all that is written, if there is none.
    hidden: StateSet,
    /// Whether some instruction shows registers to others.
    shows: bool,
    /// The registers that are written behind the last such instruction and not stored by their writer.
    unstored: StateSet,
    /// Whether what stands at its end shows registers to others. They are not stored if that happens on one of two ways alone.
    ends_shown: bool,
    /// Whether all registers are stored at its end.
    ends_stored: bool,
}

impl Own {
    fn of(block: &Block, region: &Region) -> Self {
        let mut own = Self {
            read: 0,
            written: 0,
            inside: 0,
            hidden: 0,
            shows: false,
            unstored: 0,
            ends_shown: false,
            ends_stored: false,
        };
        // Whether a fault leads to an instruction before, with all registers as they were there.
        let mut resumes = false;
        for (ic, insn) in &block.instructions {
            let op = insn.op();
            let x = bit(insn.x());
            let read = bit(insn.y()) | bit(insn.z()) | if writes(op) { 0 } else { x };
            own.inside |= read;
            own.read |= read & !own.written;
            let is_access = is_load(op) || is_store(op);
            if flow(*ic, insn) == Flow::Next && shows(op) && !(is_access && resumes) {
                own.shows = true;
                own.unstored = 0;
                resumes = is_access;
            }
            resumes &= !is_store(op) && !is_float(op);
            if writes(op) {
                own.written |= x;
                if !own.shows {
                    own.hidden |= x;
                }
            }
            own.unstored &= !x;
            if is_deferred(op) {
                own.unstored |= x;
            }
            if notes_overflow(op) {
                own.unstored |= OVERFLOW;
                own.inside |= OVERFLOW;
                own.read |= OVERFLOW;
            }
        }
        let is_inside = |target: &u64| region.blocks.contains_key(target);
        let is_backwards = |target: &u64| *target < block.end();
        own.ends_stored = block.is_left
            || !matches!(
                block.ending(),
                Some(Flow::Next | Flow::Goto(_) | Flow::Branch(_))
            );
        own.ends_shown = own.ends_stored
            || block
                .successors()
                .any(|target| !is_inside(&target) || is_backwards(&target));
        own
    }

    /// The registers that may be seen before the block, where these may be seen behind it.
    fn sees(&self, behind: StateSet) -> StateSet {
        let behind = if self.shows || self.ends_shown {
            StateSet::MAX
        } else {
            behind
        };
        behind & !self.hidden
    }

    /// The registers that may be unstored behind the block, where these may be before it.
    fn leaves_unstored(&self, before: StateSet) -> StateSet {
        if self.ends_stored {
            0
        } else if self.shows {
            self.unstored
        } else {
            self.unstored | before
        }
    }
}

/// An operand as a bit, if it is a register.
pub(crate) fn bit(index: usize) -> StateSet {
    if index < operand::REGISTERS {
        1 << index
    } else {
        0
    }
}
