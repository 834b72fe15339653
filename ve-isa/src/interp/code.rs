//! Decoded code of one thread.
//!
//! Each thread decodes for itself: nothing is shared, so nothing is locked. A page is decoded when control first comes to it.

use std::collections::HashMap;

use super::common::Common;
use super::dispatch;
use super::run::{Handler, LEAVE, Leave, Run, Slot};
use crate::encoding::{Insn, decode};
use crate::trap::TrapKind;

/// The bytes that are decoded at once.
const PAGE: u64 = 4096;

/// All code that a thread has decoded.
#[derive(Debug)]
pub(super) struct Code {
    slots: Vec<Slot>,
    /// The index of each page's first slot.
    pages: HashMap<u64, u32>,
}

impl Default for Code {
    fn default() -> Self {
        // The index 0 stands for none.
        Self {
            slots: vec![Slot {
                run: nowhere,
                insn: nop(),
                ic: 0,
                target: 0,
            }],
            pages: HashMap::new(),
        }
    }
}

impl Code {
    #[inline(always)]
    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Notes the target of a branch.
    pub(super) fn link(&mut self, from: u32, to: u32) {
        self.slots[from as usize].target = to;
    }

    /// The index of the slot of an address, if code is there.
    pub(super) fn find(&mut self, address: u64, common: &Common) -> Option<u32> {
        if !address.is_multiple_of(8) || !common.executable.contains(address, 8) {
            return None;
        }
        let page = address / PAGE * PAGE;
        let first = match self.pages.get(&page) {
            Some(first) => *first,
            None => self.decode(page, common)?,
        };
        Some(first + ((address - page) / 8) as u32)
    }

    fn decode(&mut self, page: u64, common: &Common) -> Option<u32> {
        let first = u32::try_from(self.slots.len()).ok()?;
        // What is next after a page that fills the last index would be `LEAVE`.
        first.checked_add((PAGE / 8 + 2) as u32)?;
        for ic in (page..page + PAGE).step_by(8) {
            let word = if common.executable.contains(ic, 8) {
                common.window.load::<8>(ic).ok()
            } else {
                None
            };
            let (run, insn) = match word.map(decode) {
                None => (nowhere as Handler, nop()),
                Some(None) => (illegal as Handler, nop()),
                Some(Some(insn)) => (dispatch::handler(&insn), insn),
            };
            self.slots.push(Slot {
                run,
                insn,
                ic,
                target: 0,
            });
        }
        self.slots.push(Slot {
            run: next_page,
            insn: nop(),
            ic: page + PAGE,
            target: 0,
        });
        self.pages.insert(page, first);
        Some(first)
    }
}

/// An instruction for slots that hold none.
fn nop() -> Insn {
    const NOP: u64 = 0x79 << 56;
    decode(NOP).expect("nop is an instruction")
}

fn next_page(run: &mut Run, slot: &Slot, index: u32) -> u32 {
    // As a branch: the page may have been decoded before this one, and be where a loop begins.
    let target = slot.target;
    if target > index || target != 0 && !run.stop.is_asked() {
        return target;
    }
    run.leave = Leave::Branch(slot.ic, index);
    LEAVE
}

fn nowhere(run: &mut Run, slot: &Slot, _: u32) -> u32 {
    run.trap(TrapKind::OutsideCode { target: slot.ic })
}

fn illegal(run: &mut Run, slot: &Slot, _: u32) -> u32 {
    match run.common.window.load::<8>(slot.ic) {
        Ok(word) => run.trap(TrapKind::IllegalInstruction { word }),
        Err(cause) => run.no_access(slot.ic, false, cause),
    }
}
