//! Which registers each block of a region, and what may run behind it in the region, reads before it writes them.
//!
//! No others are loaded where control comes in. Where it goes out, all are stored anyway.

use std::collections::{BTreeMap, BTreeSet};

use ve_isa::encoding::operand;

use crate::operation::{notes_overflow, writes};
use crate::region::{Block, Region};

/// What is live in a region. Registers are bits of a number.
#[derive(Debug)]
pub(crate) struct Live {
    before: BTreeMap<u64, u64>,
    loops: BTreeSet<u64>,
    /// All that some instruction reads.
    pub(crate) read: u64,
    /// Whether some instruction may note that a signed result did not fit.
    pub(crate) overflow: bool,
}

impl Live {
    pub(crate) fn of(region: &Region) -> Self {
        let own: BTreeMap<u64, Own> = region
            .blocks
            .iter()
            .map(|(start, block)| (*start, Own::of(block)))
            .collect();
        let mut before: BTreeMap<u64, u64> =
            own.iter().map(|(start, own)| (*start, own.read)).collect();
        let mut loops = BTreeSet::new();
        for (start, block) in &region.blocks {
            loops.extend(block.successors().filter(|target| target <= start));
        }
        loop {
            let mut changed = false;
            // Backwards, so that most is known of what follows.
            for (start, block) in region.blocks.iter().rev() {
                let behind = block
                    .successors()
                    .filter_map(|next| before.get(&next))
                    .fold(0, |all, one| all | one);
                let own = &own[start];
                let now = own.read | behind & !own.written;
                changed |= before.insert(*start, now) != Some(now);
            }
            if !changed {
                break;
            }
        }
        let mut all = region.blocks.values().flat_map(|block| &block.instructions);
        Self {
            read: before.values().fold(0, |all, one| all | one)
                | own.values().fold(0, |all, own| all | own.inside),
            before,
            loops,
            overflow: all.any(|(_, insn)| notes_overflow(insn.op())),
        }
    }

    /// What is live where a block begins. Nothing is where no block of the region does.
    pub(crate) fn before(&self, block: u64) -> u64 {
        self.before.get(&block).copied().unwrap_or(0)
    }

    /// Whether control may come to a block from one that does not stand before it.
    pub(crate) fn is_loop(&self, block: u64) -> bool {
        self.loops.contains(&block)
    }
}

/// What the instructions of one block do.
struct Own {
    /// Read before it is written.
    read: u64,
    written: u64,
    /// Read at all.
    inside: u64,
}

impl Own {
    fn of(block: &Block) -> Self {
        let mut own = Self {
            read: 0,
            written: 0,
            inside: 0,
        };
        for (_, insn) in &block.instructions {
            let writes = writes(insn.op());
            let x = if writes { 0 } else { bit(insn.x()) };
            let read = x | bit(insn.y()) | bit(insn.z());
            own.inside |= read;
            own.read |= read & !own.written;
            if writes {
                own.written |= bit(insn.x());
            }
        }
        own
    }
}

/// An operand as a bit, if it is a register.
pub(crate) fn bit(index: usize) -> u64 {
    if index < operand::REGISTERS {
        1 << index
    } else {
        0
    }
}
