//! Which function executes an instruction.

use super::run::{Fuel, Handler, Link, Run, Slot};
use super::{control, float, load_store, scalar, system, vector};
use crate::encoding::Insn;
use crate::trap::TrapKind;

/// The function that executes an instruction.
pub(super) fn handler(insn: &Insn) -> Handler {
    let op = insn.op();
    control::handler(insn)
        .or_else(|| scalar::handler(op))
        .or_else(|| float::handler(op))
        .or_else(|| load_store::handler(op))
        .or_else(|| system::handler(op))
        .or_else(|| vector::handler(op))
        .unwrap_or(unimplemented)
}

fn unimplemented(run: &mut Run, slot: &Slot, _: Fuel) -> Link {
    run.trap(
        slot,
        TrapKind::Unimplemented {
            op: slot.insn.op(),
            what: "this operation is not emulated",
        },
    )
}
