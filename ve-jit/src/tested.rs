//! Which accesses have their address compared with the window before.
//!
//! One test stands for the accesses around it that have their address from the same register, in its block and in those behind it, as long as
//! nothing writes that register. So most accesses to a stack frame need none.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

use ve_isa::encoding::{Insn, Op, operand};

use crate::live::bit;
use crate::operation::{is_load, is_store, writes};
use crate::region::{Block, Flow, Region, flow};

/// How far behind an accessed byte memory is surely in the window: its last page, of 4 KiB, is never mapped.
pub(crate) const BEHIND: i64 = 4096 - 16;

/// Registers, and the displacements from them that need no test.
type Known = BTreeMap<usize, RangeInclusive<i64>>;

/// The accesses from one register alone that are tested, by their addresses in the machine code, each with the lowest displacement that its
/// test stands for.
#[derive(Debug)]
pub(crate) struct Tested(HashMap<u64, i64>);

impl Tested {
    pub(crate) fn of(region: &Region) -> Self {
        let known = known(region);
        let mut tested = HashMap::new();
        for (start, block) in &region.blocks {
            let mut known = known[start].clone().unwrap_or_default();
            behind(block, &mut known, &mut |ic, lowest| {
                tested.insert(ic, lowest);
            });
        }
        Self(tested)
    }

    /// The lowest displacement that the test of an access stands for. Nothing if it needs none.
    pub(crate) fn lowest(&self, ic: u64) -> Option<i64> {
        self.0.get(&ic).copied()
    }
}

/// What is known at the beginning of each block, whichever way control comes. Nothing where it does not come.
fn known(region: &Region) -> BTreeMap<u64, Option<Known>> {
    let mut all: BTreeMap<u64, Option<Known>> =
        region.blocks.keys().map(|start| (*start, None)).collect();
    all.insert(region.entry, Some(Known::new()));
    loop {
        let mut changed = false;
        for (start, block) in &region.blocks {
            let Some(mut known) = all[start].clone() else {
                continue;
            };
            behind(block, &mut known, &mut |_, _| {});
            // Where control comes back from a call, all may be different.
            let goes_on = matches!(
                block.ending(),
                Some(Flow::Next | Flow::Branch(_) | Flow::Goto(_) | Flow::Jump)
            );
            if !goes_on {
                known.clear();
            }
            for next in block.successors() {
                let Some(before) = all.get_mut(&next) else {
                    continue;
                };
                match before {
                    None => {
                        *before = Some(known.clone());
                        changed = true;
                    }
                    // What differs is dropped, not cut, so that this ends after few rounds.
                    Some(before) => {
                        let count = before.len();
                        before.retain(|register, range| known.get(register) == Some(&*range));
                        changed |= before.len() != count;
                    }
                }
            }
        }
        if !changed {
            return all;
        }
    }
}

/// Turns what is known before a block into what is known behind it. `test` gets each access that has to be tested.
fn behind(block: &Block, known: &mut Known, test: &mut dyn FnMut(u64, i64)) {
    for (index, (ic, insn)) in block.instructions.iter().enumerate() {
        let op = insn.op();
        let is_access = is_load(op) || is_store(op);
        if is_access && insn.y() == operand::ZERO {
            let base = insn.z();
            let is_known = |range: &RangeInclusive<i64>| range.contains(&insn.imm());
            if !known.get(&base).is_some_and(is_known) {
                let lowest = lowest(insn, &block.instructions[index + 1..]);
                test(*ic, lowest);
                // All between two addresses in the window is there, too.
                let range = lowest..=lowest.saturating_add(BEHIND);
                let range = match known.get(&base) {
                    Some(other) => {
                        *range.start().min(other.start())..=*range.end().max(other.end())
                    }
                    None => range,
                };
                if base < operand::REGISTERS {
                    known.insert(base, range);
                }
            }
        }
        if is_store(op) || !writes_register(*ic, insn) {
            continue;
        }
        let moved = moved(insn, known);
        known.remove(&insn.x());
        if !writes(op) {
            // The interpreter's instructions write two registers at most.
            known.remove(&(insn.x() | 1));
        }
        if let Some(range) = moved {
            known.insert(insn.x(), range);
        }
    }
}

/// Whether an instruction may write registers.
fn writes_register(ic: u64, insn: &Insn) -> bool {
    let is_branch = matches!(
        flow(ic, insn),
        Flow::Branch(_) | Flow::Goto(_) | Flow::Jump | Flow::Return
    );
    !is_branch
}

/// What is known of the register that a copy or a sum with a constant writes.
fn moved(insn: &Insn, known: &Known) -> Option<RangeInclusive<i64>> {
    let by = match insn.op() {
        Op::Or => 0,
        Op::Lea => insn.imm(),
        _ => return None,
    };
    if insn.y() != operand::ZERO {
        return None;
    }
    let range = known.get(&insn.z())?;
    Some(range.start().checked_sub(by)?..=range.end().checked_sub(by)?)
}

/// The lowest displacement, from this access on, of those from the same register that one test can stand for.
fn lowest(access: &Insn, ahead: &[(u64, Insn)]) -> i64 {
    let (here, mut lowest) = (access.imm(), access.imm());
    // All registers with the same number.
    let mut same = bit(access.z());
    for (_, insn) in ahead {
        let (op, is_same) = (
            insn.op(),
            insn.y() == operand::ZERO && bit(insn.z()) & same != 0,
        );
        if is_same && (is_load(op) || is_store(op)) && insn.imm() >= here.saturating_sub(BEHIND) {
            lowest = lowest.min(insn.imm());
        }
        if is_same && op == Op::Or {
            same |= bit(insn.x());
        } else if writes(op) {
            same &= !bit(insn.x());
        } else if !is_store(op) {
            break;
        }
    }
    lowest
}
