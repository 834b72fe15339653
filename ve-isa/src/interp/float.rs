//! Operations on floats.
//!
//! While PSW rounds to nearest and lets nothing trap, the host's unit computes, and exceptions gather in the host's status
//! ([`Run::begin_floats`], [`Run::gather_floats`]). In any other state each operation is computed exactly, and exceptions are noted at
//! once.

use super::run::{Fuel, Handler, Link, Run, Slot};
use crate::encoding::Op;
use crate::encoding::Rounding;
use crate::semantics::float::{Exact, FloatUnit};
use crate::semantics::{convert, float, quad};

/// Computes exactly, notes what happened, and writes the result unless that traps.
// This is not inlined: a handler must not reserve the stack that this needs.
#[cold]
#[inline(never)]
fn exactly(
    run: &mut Run,
    slot: &Slot,
    fuel: Fuel,
    operation: impl FnOnce(&mut Exact, &Run) -> u64,
) -> Link {
    let mut unit = Exact::new(run.cpu.psw.rounding());
    let value = operation(&mut unit, run);
    if let Err(leave) = run.note(slot, &unit) {
        return leave;
    }
    run.set_x(slot, value);
    run.next(slot, fuel)
}

/// Writes a quad number to a pair of registers.
fn exactly_pair(
    run: &mut Run,
    slot: &Slot,
    fuel: Fuel,
    operation: impl FnOnce(&mut Exact) -> u128,
) -> Link {
    let mut unit = Exact::new(run.cpu.psw.rounding());
    let value = operation(&mut unit);
    if let Err(leave) = run.note(slot, &unit) {
        return leave;
    }
    let (even, odd) = quad::to_pair(value);
    let x = slot.insn.x();
    // The encoding has even numbers only, so the next register exists.
    run.cpu.s[x] = even;
    run.cpu.s[x | 1] = odd;
    run.next(slot, fuel)
}

/// The quad number in the pair of registers with this index. A constant, which compilers do not write there, is the high half.
fn pair(run: &Run, index: usize) -> u128 {
    let odd = if index < crate::encoding::operand::REGISTERS {
        run.cpu.s[index | 1]
    } else {
        0
    };
    quad::from_pair(run.cpu.s[index], odd)
}

/// A handler that computes on either unit.
macro_rules! computed {
    (|$unit:ident, $operands:ident, $rounding:ident| $value:expr) => {{
        #[inline(always)]
        fn operation(
            $unit: &mut impl FloatUnit,
            $operands: (u64, u64),
            $rounding: Rounding,
        ) -> u64 {
            $value
        }
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            if run.host_floats {
                let operands = (run.y(slot), run.z(slot));
                let value = operation(&mut run.unit, operands, rounding(slot));
                run.set_x(slot, value);
                return run.next(slot, fuel);
            }
            exactly(run, slot, fuel, |unit, run| {
                operation(unit, (run.y(slot), run.z(slot)), rounding(slot))
            })
        }) as Handler
    }};
}

/// The handler of an operation with two operands.
macro_rules! two {
    ($function:path) => {
        computed!(|unit, operands, _rounding| $function(unit, operands.0, operands.1))
    };
}

/// The handler of an operation with one operand.
macro_rules! one {
    ($function:path) => {
        computed!(|unit, operands, _rounding| $function(unit, operands.0))
    };
}

/// To an integer.
macro_rules! rounded {
    ($function:path) => {
        computed!(|unit, operands, rounding| $function(unit, operands.0, rounding))
    };
}

/// The handler of an operation with two quad numbers and a quad result.
macro_rules! quad {
    ($function:path) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let (y, z) = (pair(run, slot.insn.y()), pair(run, slot.insn.z()));
            exactly_pair(run, slot, fuel, |unit| $function(unit, y, z))
        }) as Handler
    };
}

#[inline(always)]
pub(super) fn rounding(slot: &Slot) -> Rounding {
    slot.insn.rounding()
}

/// The handler of an operation of this kind.
pub(super) fn handler(op: Op) -> Option<Handler> {
    Some(match op {
        Op::FaddD => two!(float::fadd_d),
        Op::FaddS => two!(float::fadd_s),
        Op::FsubD => two!(float::fsub_d),
        Op::FsubS => two!(float::fsub_s),
        Op::FmulD => two!(float::fmul_d),
        Op::FmulS => two!(float::fmul_s),
        Op::FdivD => two!(float::fdiv_d),
        Op::FdivS => two!(float::fdiv_s),
        Op::FcmpD => two!(float::fcmp_d),
        Op::FcmpS => two!(float::fcmp_s),
        Op::FmaxD => two!(float::fmax_d),
        Op::FmaxS => two!(float::fmax_s),
        Op::FminD => two!(float::fmin_d),
        Op::FminS => two!(float::fmin_s),
        Op::CvtWDSx => rounded!(convert::cvt_w_d_sx),
        Op::CvtWDZx => rounded!(convert::cvt_w_d_zx),
        Op::CvtWSSx => rounded!(convert::cvt_w_s_sx),
        Op::CvtWSZx => rounded!(convert::cvt_w_s_zx),
        Op::CvtLD => rounded!(convert::cvt_l_d),
        Op::CvtSW => one!(convert::cvt_s_w),
        Op::CvtDL => one!(convert::cvt_d_l),
        Op::CvtDS => one!(convert::cvt_d_s),
        Op::CvtSD => one!(convert::cvt_s_d),
        Op::CvtDW => |run, slot, fuel| {
            let value = convert::cvt_d_w(run.y(slot));
            run.set_x(slot, value);
            run.next(slot, fuel)
        },
        Op::FaddQ => quad!(quad::fadd_q),
        Op::FsubQ => quad!(quad::fsub_q),
        Op::FmulQ => quad!(quad::fmul_q),
        Op::FcmpQ => |run, slot, fuel| {
            let (y, z) = (pair(run, slot.insn.y()), pair(run, slot.insn.z()));
            exactly(run, slot, fuel, |unit, _| quad::fcmp_q(unit, y, z))
        },
        Op::CvtDQ => |run, slot, fuel| {
            let y = pair(run, slot.insn.y());
            exactly(run, slot, fuel, |unit, _| quad::cvt_d_q(unit, y))
        },
        Op::CvtSQ => |run, slot, fuel| {
            let y = pair(run, slot.insn.y());
            exactly(run, slot, fuel, |unit, _| quad::cvt_s_q(unit, y))
        },
        Op::CvtQD => |run, slot, fuel| {
            let y = run.y(slot);
            exactly_pair(run, slot, fuel, |unit| quad::cvt_q_d(unit, y))
        },
        Op::CvtQS => |run, slot, fuel| {
            let y = run.y(slot);
            exactly_pair(run, slot, fuel, |unit| quad::cvt_q_s(unit, y))
        },
        _ => return None,
    })
}
