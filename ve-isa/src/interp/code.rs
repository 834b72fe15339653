//! Decoded code of one thread.
//!
//! Each thread decodes for itself: nothing is shared, so nothing is locked. A page is decoded when control first comes to it.

use std::collections::HashMap;
use std::ptr;

use super::common::Common;
use super::dispatch;
use super::run::{Fuel, Handler, Link, Run, Slot};
use crate::encoding::{Insn, decode};
use crate::trap::TrapKind;

/// The bytes that are decoded at once.
pub(super) const PAGE: u64 = 4096;

const WORDS: usize = PAGE as usize / 8;

/// All code that a thread has decoded, by the addresses of the pages.
///
/// The slots of a page stay where they are for as long as it lives.
#[derive(Debug, Default)]
pub(super) struct Code(HashMap<u64, Vec<Slot>>);

impl Code {
    /// The slot at the end of a link.
    #[inline(always)]
    pub(super) fn slot(&self, link: Link) -> Option<&Slot> {
        // SAFETY: slots are made in this module alone and stay where they are. Code that drops them drops all links:
        // `Interpreter::forget_code`.
        unsafe { link.slot() }
    }

    /// The instruction that a slot stands for; `None` for the way to the next page, and where there is none.
    pub(super) fn instruction(&self, slot: &Slot, common: &Common) -> Option<u64> {
        let is_way = |slots: &Vec<Slot>| ptr::eq(&raw const slots[WORDS], slot);
        let before = slot.ic.wrapping_sub(PAGE);
        if self.0.get(&before).is_some_and(is_way) {
            return None;
        }
        let word = common.window.load::<8>(slot.ic).ok()?;
        (slot.insn != nop() || decode(word).is_some()).then_some(word)
    }

    /// The slot of an address, if code is there.
    pub(super) fn find(&mut self, address: u64, common: &Common) -> Option<Link> {
        if !address.is_multiple_of(8) || !common.executable.contains(address, 8) {
            return None;
        }
        let page = address / PAGE * PAGE;
        let slots = self
            .0
            .entry(page)
            .or_insert_with(|| decode_page(page, common));
        Some(Link::to(&slots[(address - page) as usize / 8]))
    }
}

fn decode_page(page: u64, common: &Common) -> Vec<Slot> {
    let mut slots = Vec::with_capacity(WORDS + 1);
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
        // SAFETY: another one is pushed before it is executed, and the address is exposed.
        slots.push(unsafe { Slot::new(run, insn, ic) });
    }
    // SAFETY: as above, and `next_page` never asks for the next.
    slots.push(unsafe { Slot::new(next_page, nop(), page + PAGE) });
    slots.as_ptr().expose_provenance();
    slots
}

/// An instruction for slots that hold none.
fn nop() -> Insn {
    const NOP: u64 = 0x79 << 56;
    decode(NOP).expect("nop is an instruction")
}

/// As a branch: the page may have been decoded before this one, and be where a loop begins.
fn next_page(run: &mut Run, slot: &Slot, fuel: Fuel) -> Link {
    // `nop` has a distance of 0.
    run.branch(slot, fuel)
}

fn nowhere(run: &mut Run, slot: &Slot, _: Fuel) -> Link {
    run.trap(slot, TrapKind::OutsideCode { target: slot.ic })
}

fn illegal(run: &mut Run, slot: &Slot, _: Fuel) -> Link {
    match run.common.window.load::<8>(slot.ic) {
        Ok(word) => run.trap(slot, TrapKind::IllegalInstruction { word }),
        Err(cause) => run.no_access(slot, slot.ic, false, cause),
    }
}
