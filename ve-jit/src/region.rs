//! Which instructions are translated together: blocks that control may come to from an entry by fixed branches.
//!
//! Computed jumps end a region, and so does its size. A called function is a region of its own.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ve_isa::encoding::{ConditionCode, Insn, Op};
use ve_isa::interp::{InstructionSource, Reach};

/// How many instructions a region has at most. Compiling takes some 10 µs for each.
const MOST: usize = 600;

/// How many instructions a row has at most.
const ROW: usize = 64;

/// The register that calls leave their return address in.
const LINK: usize = 10;

/// Where control goes behind an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// It goes on with the next one.
    Next,
    /// A branch to this address, if its condition holds.
    Branch(u64),
    /// A branch to this address.
    Goto(u64),
    /// A computed jump, if its condition holds.
    Jump,
    /// A computed jump.
    Always,
    /// A call: a computed jump, after which control usually comes to the next instruction.
    Call,
    /// A return: a jump to where the link register leads.
    Return,
    /// The interpreter runs the next instruction first, and looks at PSW.
    Leave,
}

/// Where control goes behind an instruction.
pub(crate) fn flow(ic: u64, insn: &Insn) -> Flow {
    let target = ic.wrapping_add(insn.imm() as u64);
    match (insn.op(), insn.condition()) {
        (Op::BrL | Op::BrW | Op::BrD | Op::BrS, condition) => match condition {
            ConditionCode::Never => Flow::Next,
            ConditionCode::Always => Flow::Goto(target),
            _ => Flow::Branch(target),
        },
        (Op::BL | Op::BW | Op::BD | Op::BS, condition) => match condition {
            ConditionCode::Never => Flow::Next,
            ConditionCode::Always if insn.z() == LINK && insn.imm() == 0 => Flow::Return,
            ConditionCode::Always => Flow::Always,
            _ => Flow::Jump,
        },
        (Op::Bsic, _) if insn.x() == LINK => Flow::Call,
        (Op::Bsic, _) => Flow::Always,
        (Op::Lpm | Op::Lfr | Op::Fencec | Op::Monc | Op::MoncHdb, _) => Flow::Leave,
        _ => Flow::Next,
    }
}

/// Instructions in a row.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub(crate) instructions: Vec<(u64, Insn)>,
    /// Whether the last instruction is left to the interpreter, since no code follows it.
    pub(crate) is_left: bool,
}

impl Block {
    /// The address behind it.
    pub(crate) fn end(&self) -> u64 {
        self.instructions.last().map_or(0, |(ic, _)| ic + 8)
    }

    /// Where control goes at its end.
    pub(crate) fn ending(&self) -> Option<Flow> {
        self.instructions.last().map(|(ic, insn)| flow(*ic, insn))
    }

    /// Where control may go behind it, as far as this is known before it runs.
    pub(crate) fn successors(&self) -> impl Iterator<Item = u64> {
        let last = self
            .instructions
            .last()
            .map(|(ic, insn)| (*ic, flow(*ic, insn)));
        let (target, next) = match last {
            Some((ic, Flow::Branch(target))) => (Some(target), Some(ic + 8)),
            Some((_, Flow::Goto(target))) => (Some(target), None),
            Some((ic, Flow::Next | Flow::Jump | Flow::Call)) => (None, Some(ic + 8)),
            Some((_, Flow::Always | Flow::Return | Flow::Leave)) | None => (None, None),
        };
        target.into_iter().chain(next)
    }
}

/// Blocks by the addresses of their first instructions.
#[derive(Debug)]
pub(crate) struct Region {
    pub(crate) entry: u64,
    pub(crate) blocks: BTreeMap<u64, Block>,
}

impl Region {
    /// The region of an entry. Nothing if there is no code.
    pub(crate) fn find(
        entry: u64,
        reach: Reach,
        source: &mut dyn InstructionSource,
    ) -> Option<Self> {
        source.instruction(entry)?;
        let mut found = BTreeMap::new();
        let mut leaders = BTreeSet::from([entry]);
        let mut queue = VecDeque::from([entry]);
        let most = match reach {
            Reach::Region => MOST,
            Reach::Row => ROW,
        };
        while let Some(mut ic) = queue.pop_front() {
            while found.len() < most && !found.contains_key(&ic) {
                let Some(insn) = source.instruction(ic) else {
                    break;
                };
                found.insert(ic, insn);
                let flow = flow(ic, &insn);
                if reach == Reach::Row && flow != Flow::Next {
                    break;
                }
                if let Flow::Branch(target) | Flow::Goto(target) = flow
                    && leaders.insert(target)
                {
                    queue.push_back(target);
                }
                if matches!(flow, Flow::Branch(_) | Flow::Jump | Flow::Call) {
                    leaders.insert(ic + 8);
                }
                if matches!(
                    flow,
                    Flow::Goto(_) | Flow::Always | Flow::Return | Flow::Leave
                ) {
                    break;
                }
                ic += 8;
            }
        }
        Some(Self {
            entry,
            blocks: blocks(&found, &leaders, source),
        })
    }
}

fn blocks(
    found: &BTreeMap<u64, Insn>,
    leaders: &BTreeSet<u64>,
    source: &mut dyn InstructionSource,
) -> BTreeMap<u64, Block> {
    let mut blocks = BTreeMap::new();
    let mut start = None;
    for (&ic, &insn) in found {
        let begins = leaders.contains(&ic) || !found.contains_key(&ic.wrapping_sub(8));
        if begins || start.is_none() {
            start = Some(ic);
        }
        let at = start.unwrap_or(ic);
        let block: &mut Block = blocks.entry(at).or_default();
        block.instructions.push((ic, insn));
        let flow = flow(ic, &insn);
        let mut is_code = |address| source.instruction(address).is_some();
        block.is_left = match flow {
            Flow::Next | Flow::Jump | Flow::Leave => !is_code(ic + 8),
            Flow::Branch(target) => !is_code(target) || !is_code(ic + 8),
            Flow::Goto(target) => !is_code(target),
            Flow::Always | Flow::Call | Flow::Return => false,
        };
        if flow != Flow::Next || block.is_left {
            start = None;
        }
    }
    blocks
}
