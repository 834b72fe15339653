//! Fences, special and communication registers, system calls.

use std::sync::atomic::{Ordering, fence};

use super::common::COMMUNICATION_REGISTERS;
use super::run::{Handler, LEAVE, Leave, Run, Slot};
use crate::encoding::Op;
use crate::semantics::atomic;
use crate::state::ELEMENTS;
use crate::trap::TrapKind;

/// Kind 2 of `fencec`: code in memory has changed.
const FENCEC_INSTRUCTIONS: u8 = 2;

impl Run {
    /// Replaces a communication register by what `new` makes of it; `x` becomes what it was.
    fn communicate(
        &mut self,
        slot: &Slot,
        index: u32,
        number: u64,
        new: impl Fn(u64) -> Option<u64>,
    ) -> u32 {
        if number >= COMMUNICATION_REGISTERS as u64 {
            return self.trap(TrapKind::CommunicationRegister { number });
        }
        let register = &self.common.communication[number as usize];
        match register.fetch_update(Ordering::SeqCst, Ordering::SeqCst, new) {
            Ok(before) => {
                self.set_x(slot, before);
                index + 1
            }
            Err(_) => self.trap(TrapKind::Unimplemented {
                op: slot.insn.op(),
                what: "its meaning for this operand is not known",
            }),
        }
    }
}

/// The handler of an operation of this kind.
pub(super) fn handler(op: Op) -> Option<Handler> {
    Some(match op {
        Op::Nop | Op::Svob | Op::Fencei => |_, _, index| index + 1,
        Op::Fencem => |_, _, index| {
            fence(Ordering::SeqCst);
            index + 1
        },
        Op::Fencec => |run, slot, index| {
            if slot.insn.fence() & FENCEC_INSTRUCTIONS == 0 {
                return index + 1;
            }
            run.leave = Leave::Forget(slot.ic + 8);
            LEAVE
        },
        Op::Smir => |run, slot, index| {
            // PSW is number 1. The clock and the counters of the performance monitor do not run here.
            run.gather_floats();
            let psw = slot.insn.y() == crate::encoding::operand::ZERO + 1;
            let value = if psw { run.cpu.psw.bits() } else { 0 };
            run.set_x(slot, value);
            index + 1
        },
        Op::Sfr => |run, slot, index| {
            run.gather_floats();
            run.set_x(slot, run.cpu.psw.sfr());
            index + 1
        },
        Op::Spm => |run, slot, index| {
            run.set_x(slot, run.cpu.psw.spm());
            index + 1
        },
        Op::Lpm => |run, slot, index| {
            let y = run.y(slot);
            run.gather_floats();
            run.cpu.psw.lpm(y);
            run.begin_floats();
            index + 1
        },
        Op::Lfr => |run, slot, index| {
            let y = run.y(slot);
            run.gather_floats();
            run.cpu.psw.lfr(y);
            run.begin_floats();
            index + 1
        },
        Op::Smvl => |run, slot, index| {
            run.set_x(slot, ELEMENTS as u64);
            index + 1
        },
        Op::Svl => |run, slot, index| {
            run.set_x(slot, run.cpu.vl);
            index + 1
        },
        Op::Lvl => |run, slot, index| {
            let length = run.y(slot);
            if length > ELEMENTS as u64 {
                return run.trap(TrapKind::VectorLength { length });
            }
            run.cpu.vl = length;
            index + 1
        },
        Op::Lcr => |run, slot, index| {
            let number = run.y(slot).wrapping_add(run.z(slot));
            run.communicate(slot, index, number, Some)
        },
        Op::Scr => |run, slot, index| {
            let number = run.y(slot).wrapping_add(run.z(slot));
            let x = run.x(slot);
            let next = run.communicate(slot, index, number, |_| Some(x));
            if next != LEAVE {
                run.set_x(slot, x);
            }
            next
        },
        Op::Tscr => |run, slot, index| {
            let number = run.y(slot).wrapping_add(run.z(slot));
            let x = run.x(slot);
            run.communicate(slot, index, number, |register| {
                Some(atomic::tscr(register, x))
            })
        },
        Op::Fidcr => |run, slot, index| {
            let (number, kind) = (run.y(slot), run.z(slot));
            run.communicate(slot, index, number, |register| {
                atomic::fidcr(register, kind)
            })
        },
        Op::Monc => |run, _, _| {
            run.leave = Leave::SystemCall;
            LEAVE
        },
        Op::MoncHdb => |run, _, _| run.trap(TrapKind::Breakpoint),
        _ => return None,
    })
}
