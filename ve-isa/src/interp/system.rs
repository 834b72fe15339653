//! Fences, special and communication registers, system calls.

use std::sync::atomic::{Ordering, fence};

use super::common::COMMUNICATION_REGISTERS;
use super::run::{Fuel, Handler, Leave, Link, Run, Slot};
use crate::encoding::Op;
use crate::semantics::atomic;
use crate::state::ELEMENTS;
use crate::trap::TrapKind;

/// Kind 2 of `fencec`: code in memory has changed.
const FENCEC_INSTRUCTIONS: u8 = 2;

/// Replaces a communication register by the result of `new`. The result is its old value.
fn communicate(
    run: &mut Run,
    slot: &Slot,
    number: u64,
    new: impl Fn(u64) -> Option<u64>,
) -> Result<u64, Link> {
    if number >= COMMUNICATION_REGISTERS as u64 {
        return Err(run.trap(slot, TrapKind::CommunicationRegister { number }));
    }
    let register = &run.common.communication[number as usize];
    register
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, new)
        .map_err(|_| {
            let kind = TrapKind::Unimplemented {
                op: slot.insn.op(),
                what: "its meaning for this operand is not known",
            };
            run.trap(slot, kind)
        })
}

/// Writes a result, if there is one.
fn finish_communication(run: &mut Run, slot: &Slot, fuel: Fuel, x: Result<u64, Link>) -> Link {
    match x {
        Ok(x) => {
            run.set_x(slot, x);
            run.next(slot, fuel)
        }
        Err(leave) => leave,
    }
}

/// The handler of an operation of this kind.
pub(super) fn handler(op: Op) -> Option<Handler> {
    Some(match op {
        Op::Nop | Op::Svob | Op::Fencei => |run, slot, fuel| run.next(slot, fuel),
        Op::Fencem => |run, slot, fuel| {
            fence(Ordering::SeqCst);
            run.next(slot, fuel)
        },
        Op::Fencec => |run, slot, fuel| {
            if slot.insn.fence() & FENCEC_INSTRUCTIONS == 0 {
                return run.next(slot, fuel);
            }
            run.leave_for(slot, Leave::Forget(slot.ic + 8))
        },
        Op::Smir => |run, slot, fuel| {
            // PSW is number 1. The clock and the counters of the performance monitor do not run here.
            run.gather_floats();
            let psw = slot.insn.y() == crate::encoding::operand::ZERO + 1;
            let value = if psw { run.cpu.psw.bits() } else { 0 };
            run.set_x(slot, value);
            run.next(slot, fuel)
        },
        Op::Sfr => |run, slot, fuel| {
            run.gather_floats();
            run.set_x(slot, run.cpu.psw.sfr());
            run.next(slot, fuel)
        },
        Op::Spm => |run, slot, fuel| {
            run.set_x(slot, run.cpu.psw.spm());
            run.next(slot, fuel)
        },
        Op::Lpm => |run, slot, fuel| {
            let y = run.y(slot);
            run.gather_floats();
            run.cpu.psw.lpm(y);
            run.begin_floats();
            run.next(slot, fuel)
        },
        Op::Lfr => |run, slot, fuel| {
            let y = run.y(slot);
            run.gather_floats();
            run.cpu.psw.lfr(y);
            run.begin_floats();
            run.next(slot, fuel)
        },
        Op::Smvl => |run, slot, fuel| {
            run.set_x(slot, ELEMENTS as u64);
            run.next(slot, fuel)
        },
        Op::Svl => |run, slot, fuel| {
            run.set_x(slot, run.cpu.vl);
            run.next(slot, fuel)
        },
        Op::Lvl => |run, slot, fuel| {
            let length = run.y(slot);
            if length > ELEMENTS as u64 {
                return run.trap(slot, TrapKind::VectorLength { length });
            }
            run.cpu.vl = length;
            run.next(slot, fuel)
        },
        Op::Lcr => |run, slot, fuel| {
            let number = run.y(slot).wrapping_add(run.z(slot));
            let before = communicate(run, slot, number, Some);
            finish_communication(run, slot, fuel, before)
        },
        Op::Scr => |run, slot, fuel| {
            let number = run.y(slot).wrapping_add(run.z(slot));
            let x = run.x(slot);
            let before = communicate(run, slot, number, |_| Some(x));
            finish_communication(run, slot, fuel, before.map(|_| x))
        },
        Op::Tscr => |run, slot, fuel| {
            let number = run.y(slot).wrapping_add(run.z(slot));
            let x = run.x(slot);
            let before = communicate(run, slot, number, |register| {
                Some(atomic::tscr(register, x))
            });
            finish_communication(run, slot, fuel, before)
        },
        Op::Fidcr => |run, slot, fuel| {
            let (number, kind) = (run.y(slot), run.z(slot));
            let before = communicate(run, slot, number, |register| atomic::fidcr(register, kind));
            finish_communication(run, slot, fuel, before)
        },
        Op::Monc => |run, slot, _| run.leave_for(slot, Leave::SystemCall),
        Op::MoncHdb => |run, slot, _| run.trap(slot, TrapKind::Breakpoint),
        _ => return None,
    })
}
