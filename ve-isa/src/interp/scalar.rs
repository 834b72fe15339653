//! Operations on scalar registers alone: integers, bits, comparisons.

use super::run::{Fuel, Handler, Run, Slot};
use crate::encoding::Op;
use crate::semantics::{bits, compare, control, integer};

/// A handler that writes what a function makes of operands.
macro_rules! value {
    ($function:path: $($operand:ident),+) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let value = $function($(run.$operand(slot)),+);
            run.set_x(slot, value);
            run.next(slot, fuel)
        }) as Handler
    };
}

/// As `value`, for functions whose result has flags.
macro_rules! outcome {
    ($function:path: $($operand:ident),+) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let outcome = $function($(run.$operand(slot)),+);
            run.finish(slot, fuel, outcome)
        }) as Handler
    };
}

/// A conditional move; comparing raises nothing.
macro_rules! cmov {
    ($function:path) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let condition = slot.insn.condition();
            let value = $function(condition, run.x(slot), run.z(slot), run.y(slot));
            run.set_x(slot, value);
            run.next(slot, fuel)
        }) as Handler
    };
}

/// The handler of an operation of this kind.
pub(super) fn handler(op: Op) -> Option<Handler> {
    Some(match op {
        Op::AdduL => value!(integer::addu_l: y, z),
        Op::AdduW => value!(integer::addu_w: y, z),
        Op::AddsL => outcome!(integer::adds_l: y, z),
        Op::AddsWSx => outcome!(integer::adds_w_sx: y, z),
        Op::AddsWZx => outcome!(integer::adds_w_zx: y, z),
        Op::SubuL => value!(integer::subu_l: y, z),
        Op::SubuW => value!(integer::subu_w: y, z),
        Op::SubsL => outcome!(integer::subs_l: y, z),
        Op::SubsWSx => outcome!(integer::subs_w_sx: y, z),
        Op::SubsWZx => outcome!(integer::subs_w_zx: y, z),
        Op::MuluL => value!(integer::mulu_l: y, z),
        Op::MuluW => value!(integer::mulu_w: y, z),
        Op::MulsL => outcome!(integer::muls_l: y, z),
        Op::MulsWSx => outcome!(integer::muls_w_sx: y, z),
        Op::MulsWZx => outcome!(integer::muls_w_zx: y, z),
        Op::MulsLW => value!(integer::muls_l_w: y, z),
        Op::DivuL => outcome!(integer::divu_l: y, z),
        Op::DivuW => outcome!(integer::divu_w: y, z),
        Op::DivsL => outcome!(integer::divs_l: y, z),
        Op::DivsWSx => outcome!(integer::divs_w_sx: y, z),
        Op::DivsWZx => outcome!(integer::divs_w_zx: y, z),
        Op::And => value!(bits::and: y, z),
        Op::Or => value!(bits::or: y, z),
        Op::Xor => value!(bits::xor: y, z),
        Op::Eqv => value!(bits::eqv: y, z),
        Op::Nnd => value!(bits::nnd: y, z),
        Op::Mrg => value!(bits::mrg: x, y, z),
        Op::Ldz => value!(bits::ldz: z),
        Op::Pcnt => value!(bits::pcnt: z),
        Op::Brv => value!(bits::brv: z),
        Op::Bswp => value!(bits::bswp: z, y),
        Op::Sll => value!(bits::sll: z, y),
        Op::Srl => value!(bits::srl: z, y),
        Op::SlaL => outcome!(bits::sla_l: z, y),
        Op::SraL => value!(bits::sra_l: z, y),
        Op::SlaWSx => outcome!(bits::sla_w_sx: z, y),
        Op::SlaWZx => outcome!(bits::sla_w_zx: z, y),
        Op::SraWSx => value!(bits::sra_w_sx: z, y),
        Op::SraWZx => value!(bits::sra_w_zx: z, y),
        Op::Sld => value!(bits::sld: x, z, y),
        Op::Srd => value!(bits::srd: x, z, y),
        Op::CmpuL => value!(compare::cmpu_l: y, z),
        Op::CmpuW => value!(compare::cmpu_w: y, z),
        Op::CmpsL => value!(compare::cmps_l: y, z),
        Op::CmpsWSx => value!(compare::cmps_w_sx: y, z),
        Op::CmpsWZx => value!(compare::cmps_w_zx: y, z),
        Op::MaxsL => value!(compare::maxs_l: y, z),
        Op::MinsL => value!(compare::mins_l: y, z),
        Op::MaxsWSx => value!(compare::maxs_w_sx: y, z),
        Op::MaxsWZx => value!(compare::maxs_w_zx: y, z),
        Op::MinsWSx => value!(compare::mins_w_sx: y, z),
        Op::MinsWZx => value!(compare::mins_w_zx: y, z),
        Op::CmovL => cmov!(control::cmov_l),
        Op::CmovD => cmov!(control::cmov_d),
        Op::CmovS => cmov!(control::cmov_s),
        Op::CmovW => cmov!(control::cmov_w),
        _ => return None,
    })
}
