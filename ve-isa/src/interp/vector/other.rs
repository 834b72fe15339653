//! Moves, masks, and reductions of integers.

use crate::encoding::Op;
use crate::interp::run::{Fuel, Handler, Link, Run, Slot};
use crate::semantics::compare;
use crate::semantics::control::{Relation, relation_d, relation_l, relation_s, relation_w};
use crate::semantics::vector::elementwise::elements;
use crate::semantics::vector::{Active, Halves, Operand, mask, moves, reduce};
use crate::state::{ELEMENTS, Mask};

/// The mask register in a field.
fn mask(run: &Run, field: u8) -> &Mask {
    &run.cpu.vm[usize::from(field & 15)]
}

fn set_mask_x(run: &mut Run, slot: &Slot, mask: Mask) {
    run.cpu.set_mask(usize::from(slot.insn.vx() & 15), mask);
}

fn mask_logic(run: &mut Run, slot: &Slot, fuel: Fuel, f: impl Fn(u64, u64) -> u64) -> Link {
    let (y, z) = (mask(run, slot.insn.vy()), mask(run, slot.insn.vz()));
    let result = mask::logic(y, z, f);
    set_mask_x(run, slot, result);
    run.next(slot, fuel)
}

#[inline(always)]
fn make_mask(run: &mut Run, slot: &Slot, fuel: Fuel, relation: impl Fn(u64) -> Relation) -> Link {
    let result = mask::compare(
        mask(run, slot.insn.vx()),
        &run.cpu.v,
        run.vector_z(slot),
        &run.active(slot),
        slot.insn.condition(),
        relation,
    );
    set_mask_x(run, slot, result);
    run.next(slot, fuel)
}

fn broadcast(run: &mut Run, slot: &Slot, fuel: Fuel, value: u64, active: &Active) -> Link {
    let places = run.places(slot, [Operand::Scalar(value)], active);
    elements(&mut run.cpu.v, places, |[value]| value);
    run.next(slot, fuel)
}

fn sequence(run: &mut Run, slot: &Slot, fuel: Fuel, halves: Halves) -> Link {
    let (x, active) = (run.vector_x(slot), run.active(slot));
    moves::sequence(&mut run.cpu.v, x, &active, halves, false);
    run.next(slot, fuel)
}

/// Writes the first element, unless VL is 0.
fn set_first(run: &mut Run, slot: &Slot, fuel: Fuel, value: Option<u64>) -> Link {
    let x = run.vector_x(slot);
    if let Some(value) = value
        && run.cpu.vl() != 0
    {
        run.cpu.v[x][0] = value;
    }
    run.next(slot, fuel)
}

/// A reduction to a value that there always is.
macro_rules! reduced {
    (|$v:ident, $y:ident, $active:ident| $value:expr) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let ($v, $y, $active) = (&run.cpu.v, run.vector_y(slot), &run.active(slot));
            let value = $value;
            set_first(run, slot, fuel, Some(value))
        }) as Handler
    };
}

/// A maximum or minimum. Equal elements have the same bits, so it makes no difference which of them is taken.
macro_rules! extreme {
    ($function:path) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let (y, active) = (run.vector_y(slot), run.active(slot));
            let value = reduce::reduce(&run.cpu.v, y, &active, |a, b| $function(a, b));
            // Also for a single element, the result is extended as the operation has it.
            let value = value.map(|value| $function(value, value));
            set_first(run, slot, fuel, value)
        }) as Handler
    };
}

pub(super) fn handler(op: Op) -> Option<Handler> {
    moved(op).or_else(|| masked(op)).or_else(|| reduction(op))
}

fn moved(op: Op) -> Option<Handler> {
    Some(match op {
        Op::Lsv => |run, slot, fuel| {
            // The manual does not say what a number above 255 does.
            let (element, value) = (run.y(slot) as usize % ELEMENTS, run.z(slot));
            let x = run.vector_x(slot);
            run.cpu.v[x][element] = value;
            run.next(slot, fuel)
        },
        Op::Lvs => |run, slot, fuel| {
            let (element, x) = (run.y(slot) as usize % ELEMENTS, run.vector_x(slot));
            let value = run.cpu.v[x][element];
            run.set_x(slot, value);
            run.next(slot, fuel)
        },
        Op::Lvix => |run, slot, fuel| {
            run.cpu.vixr = run.y(slot) & 63;
            run.next(slot, fuel)
        },
        Op::Vbrd => |run, slot, fuel| {
            let active = run.active(slot);
            let value = run.y(slot);
            broadcast(run, slot, fuel, value, &active)
        },
        Op::Vbrdl => |run, slot, fuel| {
            let value = run.y(slot) & Halves::Lower as u64;
            let active = run.active(slot);
            broadcast(run, slot, fuel, value, &active)
        },
        Op::Vbrdu => |run, slot, fuel| {
            let value = run.y(slot) & Halves::Upper as u64;
            let active = run.active(slot);
            broadcast(run, slot, fuel, value, &active)
        },
        Op::Pvbrd => |run, slot, fuel| {
            let active = run.active_pair(slot);
            let value = run.y(slot);
            broadcast(run, slot, fuel, value, &active)
        },
        Op::Vmv => |run, slot, fuel| {
            let (x, z, vl) = (run.vector_x(slot), run.vector_z(slot), run.cpu.vl());
            let (distance, mask) = (run.y(slot), *mask(run, slot.insn.mask()));
            moves::rotate(&mut run.cpu.v, x, z, distance, vl, &mask);
            run.next(slot, fuel)
        },
        Op::Vseq => |run, slot, fuel| sequence(run, slot, fuel, Halves::Both),
        Op::PvseqLo => |run, slot, fuel| sequence(run, slot, fuel, Halves::Lower),
        Op::PvseqUp => |run, slot, fuel| sequence(run, slot, fuel, Halves::Upper),
        Op::Pvseq => |run, slot, fuel| {
            let (x, active) = (run.vector_x(slot), run.active_pair(slot));
            moves::sequence(&mut run.cpu.v, x, &active, Halves::Both, true);
            run.next(slot, fuel)
        },
        Op::Vcp => |run, slot, fuel| {
            let (x, z, active) = (run.vector_x(slot), run.vector_z(slot), run.active(slot));
            moves::compress(&mut run.cpu.v, x, z, &active);
            run.next(slot, fuel)
        },
        Op::Vex => |run, slot, fuel| {
            let (x, z, active) = (run.vector_x(slot), run.vector_z(slot), run.active(slot));
            moves::expand(&mut run.cpu.v, x, z, &active);
            run.next(slot, fuel)
        },
        Op::Vmrg => |run, slot, fuel| {
            let chosen = run.active(slot);
            merge(run, slot, fuel, &chosen)
        },
        Op::VmrgW => |run, slot, fuel| {
            let chosen = run.active_pair(slot);
            merge(run, slot, fuel, &chosen)
        },
        _ => return None,
    })
}

fn merge(run: &mut Run, slot: &Slot, fuel: Fuel, chosen: &Active) -> Link {
    let (x, y, z) = (run.vector_x(slot), run.source_y(slot), run.vector_z(slot));
    let vl = run.cpu.vl();
    moves::merge(&mut run.cpu.v, x, y, z, vl, chosen);
    run.next(slot, fuel)
}

fn masked(op: Op) -> Option<Handler> {
    Some(match op {
        Op::Andm => |run, slot, fuel| mask_logic(run, slot, fuel, |y, z| y & z),
        Op::Orm => |run, slot, fuel| mask_logic(run, slot, fuel, |y, z| y | z),
        Op::Xorm => |run, slot, fuel| mask_logic(run, slot, fuel, |y, z| y ^ z),
        Op::Eqvm => |run, slot, fuel| mask_logic(run, slot, fuel, |y, z| !(y ^ z)),
        Op::Nndm => |run, slot, fuel| mask_logic(run, slot, fuel, |y, z| !y & z),
        Op::Negm => |run, slot, fuel| mask_logic(run, slot, fuel, |y, _| !y),
        Op::Pcvm => |run, slot, fuel| {
            run.set_x(slot, mask::count(mask(run, slot.insn.vy()), run.cpu.vl()));
            run.next(slot, fuel)
        },
        Op::Lzvm => |run, slot, fuel| {
            run.set_x(slot, mask::first(mask(run, slot.insn.vy()), run.cpu.vl()));
            run.next(slot, fuel)
        },
        Op::Tovm => |run, slot, fuel| {
            run.set_x(
                slot,
                mask::after_last(mask(run, slot.insn.vy()), run.cpu.vl()),
            );
            run.next(slot, fuel)
        },
        Op::Lvm => |run, slot, fuel| {
            let before = *mask(run, slot.insn.vx());
            let after = mask::with_word(before, run.y(slot), run.z(slot));
            set_mask_x(run, slot, after);
            run.next(slot, fuel)
        },
        Op::Svm => |run, slot, fuel| {
            let word = mask::word(mask(run, slot.insn.vz()), run.y(slot));
            run.set_x(slot, word);
            run.next(slot, fuel)
        },
        Op::VfmkL => |run, slot, fuel| make_mask(run, slot, fuel, |z| relation_l(z, 0)),
        Op::VfmkW => |run, slot, fuel| make_mask(run, slot, fuel, |z| relation_w(z, 0)),
        Op::PvfmkWUp => |run, slot, fuel| make_mask(run, slot, fuel, |z| relation_w(z >> 32, 0)),
        Op::VfmkD => |run, slot, fuel| make_mask(run, slot, fuel, |z| relation_d(z, 0)),
        Op::PvfmkSUp => |run, slot, fuel| make_mask(run, slot, fuel, |z| relation_s(z, 0)),
        Op::PvfmkSLo => |run, slot, fuel| make_mask(run, slot, fuel, |z| relation_s(z << 32, 0)),
        _ => return None,
    })
}

fn reduction(op: Op) -> Option<Handler> {
    Some(match op {
        Op::VsumL => reduced!(|v, y, active| reduce::sum_l(v, y, active)),
        Op::VsumWSx => {
            reduced!(|v, y, active| i64::from(reduce::sum_w(v, y, active) as i32) as u64)
        }
        Op::VsumWZx => reduced!(|v, y, active| reduce::sum_w(v, y, active).into()),
        Op::Vrand => reduced!(|v, y, active| reduce::and(v, y, active)),
        Op::Vror => reduced!(|v, y, active| reduce::or(v, y, active)),
        Op::Vrxor => reduced!(|v, y, active| reduce::xor(v, y, active)),
        Op::VrmaxsLFst | Op::VrmaxsLLst => extreme!(compare::maxs_l),
        Op::VrminsLFst | Op::VrminsLLst => extreme!(compare::mins_l),
        Op::VrmaxsWFstSx | Op::VrmaxsWLstSx => extreme!(compare::maxs_w_sx),
        Op::VrminsWFstSx | Op::VrminsWLstSx => extreme!(compare::mins_w_sx),
        Op::VrmaxsWFstZx | Op::VrmaxsWLstZx => extreme!(compare::maxs_w_zx),
        Op::VrminsWFstZx | Op::VrminsWLstZx => extreme!(compare::mins_w_zx),
        _ => return None,
    })
}
