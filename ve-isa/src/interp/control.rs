//! Branches, jumps and calls.

use super::run::{Fuel, Handler, Link, Run, Slot};
use crate::encoding::{ConditionCode, Insn, Op};
use crate::semantics::control::{Relation, relation_d, relation_l, relation_s, relation_w};

/// How two operands compare, by type.
trait OperandOrder {
    fn relation(y: u64, z: u64) -> Relation;
}

macro_rules! compare {
    ($name:ident, $relation:path) => {
        struct $name;

        impl OperandOrder for $name {
            #[inline(always)]
            fn relation(y: u64, z: u64) -> Relation {
                $relation(y, z)
            }
        }
    };
}

compare!(L, relation_l);
compare!(W, relation_w);
compare!(D, relation_d);
compare!(S, relation_s);

/// `br`: a branch to a fixed distance. The condition is known when it is decoded, so one comparison of the host is left.
fn relative<T: OperandOrder, const CONDITION: u8>(run: &mut Run, slot: &Slot, fuel: Fuel) -> Link {
    let holds = match CONDITION {
        0 => false,
        15 => true,
        _ => ConditionCode::from_number(CONDITION).holds(T::relation(run.y(slot), run.z(slot))),
    };
    if holds {
        run.branch(slot, fuel)
    } else {
        run.next(slot, fuel)
    }
}

/// `b`: a branch to an address in a register. `y` is compared with 0.
fn absolute<T: OperandOrder, const CONDITION: u8>(run: &mut Run, slot: &Slot, fuel: Fuel) -> Link {
    let holds = match CONDITION {
        0 => false,
        15 => true,
        _ => ConditionCode::from_number(CONDITION).holds(T::relation(run.y(slot), 0)),
    };
    if holds {
        run.jump(slot, fuel, run.z(slot).wrapping_add(slot.insn.imm() as u64))
    } else {
        run.next(slot, fuel)
    }
}

/// Chooses a function by the condition.
macro_rules! by_condition {
    ($insn:expr, $function:ident, $type:ty) => {{
        const ALL: [Handler; 16] = [
            $function::<$type, 0>,
            $function::<$type, 1>,
            $function::<$type, 2>,
            $function::<$type, 3>,
            $function::<$type, 4>,
            $function::<$type, 5>,
            $function::<$type, 6>,
            $function::<$type, 7>,
            $function::<$type, 8>,
            $function::<$type, 9>,
            $function::<$type, 10>,
            $function::<$type, 11>,
            $function::<$type, 12>,
            $function::<$type, 13>,
            $function::<$type, 14>,
            $function::<$type, 15>,
        ];
        ALL[$insn.condition() as usize]
    }};
}

/// The handler of an operation of this kind.
pub(super) fn handler(insn: &Insn) -> Option<Handler> {
    Some(match insn.op() {
        Op::BrL => by_condition!(insn, relative, L),
        Op::BrW => by_condition!(insn, relative, W),
        Op::BrD => by_condition!(insn, relative, D),
        Op::BrS => by_condition!(insn, relative, S),
        Op::BL => by_condition!(insn, absolute, L),
        Op::BW => by_condition!(insn, absolute, W),
        Op::BD => by_condition!(insn, absolute, D),
        Op::BS => by_condition!(insn, absolute, S),
        Op::Bsic => |run, slot, fuel| {
            // Before the destination is written, which may be part of the address.
            let target = run.address(slot);
            run.set_x(slot, slot.ic + 8);
            run.jump(slot, fuel, target)
        },
        Op::Sic => |run, slot, fuel| {
            run.set_x(slot, slot.ic + 8);
            run.next(slot, fuel)
        },
        _ => return None,
    })
}
