//! Integers, bits and shifts.

use crate::encoding::Op;
use crate::interp::run::{Fuel, Handler, Link, Run, Slot};
use crate::semantics::vector::Halves::{self, Both, Lower, Upper};
use crate::semantics::vector::elementwise::{self, elements, elements_with_flags};
use crate::semantics::vector::{Operand, integer as lane};
use crate::semantics::{bits, compare, integer};

/// Elements, of the sources y and z or z alone.
macro_rules! element {
    (|$($operand:ident),+| $value:expr) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let active = run.active(slot);
            let places = run.places(slot, sources!(run slot $($operand)+), &active);
            elements(&mut run.cpu.v, places, #[inline(always)] |[$($operand),+]| $value);
            run.next(slot, fuel)
        }) as Handler
    };
}

/// Elements, with exceptions.
macro_rules! outcome {
    (|$($operand:ident),+| $value:expr) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            run.unless_it_traps(slot, fuel, |run| {
                let active = run.active(slot);
                let places = run.places(slot, sources!(run slot $($operand)+), &active);
                elements_with_flags(&mut run.cpu.v, places, #[inline(always)] |[$($operand),+]| $value)
            })
        }) as Handler
    };
}

macro_rules! sources {
    ($run:ident $slot:ident y z) => {
        [$run.source_y($slot), $run.source_z($slot)]
    };
    ($run:ident $slot:ident z) => {
        [$run.source_z($slot)]
    };
}

/// Lanes of y and z.
macro_rules! lanes {
    ($halves:ident $function:path) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let sources = [run.source_y(slot), run.source_z(slot)];
            lanes(
                run,
                slot,
                fuel,
                sources,
                $halves,
                #[inline(always)]
                |operands| $function(operands),
            )
        }) as Handler
    };
}

/// Lanes of z.
macro_rules! lanes_z {
    ($halves:ident $function:path) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let sources = [run.source_z(slot)];
            lanes(
                run,
                slot,
                fuel,
                sources,
                $halves,
                #[inline(always)]
                |operands| $function(operands),
            )
        }) as Handler
    };
}

#[inline(always)]
fn lanes<const N: usize>(
    run: &mut Run,
    slot: &Slot,
    fuel: Fuel,
    sources: [Operand; N],
    halves: Halves,
    f: impl Fn([u32; N]) -> (u32, u32) + Copy,
) -> Link {
    run.unless_it_traps(slot, fuel, |run| {
        let active = match halves {
            Both => run.active_pair(slot),
            Lower | Upper => run.active(slot),
        };
        let places = run.places(slot, sources, &active);
        elementwise::lanes(&mut run.cpu.v, places, halves, f)
    })
}

pub(super) fn handler(op: Op) -> Option<Handler> {
    arithmetic(op).or_else(|| logic(op)).or_else(|| shift(op))
}

fn arithmetic(op: Op) -> Option<Handler> {
    Some(match op {
        Op::VadduL => element!(|y, z| integer::addu_l(y, z)),
        Op::PvadduLo => lanes!(Lower lane::addu),
        Op::PvadduUp => lanes!(Upper lane::addu),
        Op::Pvaddu => lanes!(Both lane::addu),
        Op::VaddsWSx => outcome!(|y, z| integer::adds_w_sx(y, z)),
        Op::PvaddsLo => lanes!(Lower lane::adds),
        Op::PvaddsUp => lanes!(Upper lane::adds),
        Op::Pvadds => lanes!(Both lane::adds),
        Op::VaddsL => outcome!(|y, z| lane::adds_l(y, z)),
        Op::VsubuL => element!(|y, z| integer::subu_l(y, z)),
        Op::PvsubuLo => lanes!(Lower lane::subu),
        Op::PvsubuUp => lanes!(Upper lane::subu),
        Op::Pvsubu => lanes!(Both lane::subu),
        Op::VsubsWSx => outcome!(|y, z| integer::subs_w_sx(y, z)),
        Op::PvsubsLo => lanes!(Lower lane::subs),
        Op::PvsubsUp => lanes!(Upper lane::subs),
        Op::Pvsubs => lanes!(Both lane::subs),
        Op::VsubsL => outcome!(|y, z| lane::subs_l(y, z)),
        Op::VmuluL => element!(|y, z| integer::mulu_l(y, z)),
        Op::VmuluW => element!(|y, z| integer::mulu_w(y, z)),
        Op::VmulsWSx => outcome!(|y, z| integer::muls_w_sx(y, z)),
        Op::VmulsWZx => outcome!(|y, z| integer::muls_w_zx(y, z)),
        Op::VmulsL => outcome!(|y, z| integer::muls_l(y, z)),
        Op::VmulsLW => element!(|y, z| integer::muls_l_w(y, z)),
        Op::VdivuL => outcome!(|y, z| integer::divu_l(y, z)),
        Op::VdivuW => outcome!(|y, z| integer::divu_w(y, z)),
        Op::VdivsWSx => outcome!(|y, z| integer::divs_w_sx(y, z)),
        Op::VdivsWZx => outcome!(|y, z| integer::divs_w_zx(y, z)),
        Op::VdivsL => outcome!(|y, z| integer::divs_l(y, z)),
        Op::VcmpuL => element!(|y, z| compare::cmpu_l(y, z)),
        Op::PvcmpuLo => lanes!(Lower lane::cmpu),
        Op::PvcmpuUp => lanes!(Upper lane::cmpu),
        Op::Pvcmpu => lanes!(Both lane::cmpu),
        Op::VcmpsWSx => element!(|y, z| compare::cmps_w_sx(y, z)),
        Op::PvcmpsLo => lanes!(Lower lane::cmps),
        Op::PvcmpsUp => lanes!(Upper lane::cmps),
        Op::Pvcmps => lanes!(Both lane::cmps),
        Op::VcmpsL => element!(|y, z| compare::cmps_l(y, z)),
        Op::VmaxsWSx => element!(|y, z| compare::maxs_w_sx(y, z)),
        Op::PvmaxsLo => lanes!(Lower lane::maxs),
        Op::PvmaxsUp => lanes!(Upper lane::maxs),
        Op::Pvmaxs => lanes!(Both lane::maxs),
        Op::VmaxsL => element!(|y, z| compare::maxs_l(y, z)),
        Op::VminsWSx => element!(|y, z| compare::mins_w_sx(y, z)),
        Op::PvminsLo => lanes!(Lower lane::mins),
        Op::PvminsUp => lanes!(Upper lane::mins),
        Op::Pvmins => lanes!(Both lane::mins),
        Op::VminsL => element!(|y, z| compare::mins_l(y, z)),
        _ => return None,
    })
}

fn logic(op: Op) -> Option<Handler> {
    Some(match op {
        Op::Vand => element!(|y, z| y & z),
        Op::PvandLo => lanes!(Lower lane::and),
        Op::PvandUp => lanes!(Upper lane::and),
        Op::Pvand => lanes!(Both lane::and),
        Op::Vor => element!(|y, z| y | z),
        Op::PvorLo => lanes!(Lower lane::or),
        Op::PvorUp => lanes!(Upper lane::or),
        Op::Pvor => lanes!(Both lane::or),
        Op::Vxor => element!(|y, z| y ^ z),
        Op::PvxorLo => lanes!(Lower lane::xor),
        Op::PvxorUp => lanes!(Upper lane::xor),
        Op::Pvxor => lanes!(Both lane::xor),
        Op::Veqv => element!(|y, z| bits::eqv(y, z)),
        Op::PveqvLo => lanes!(Lower lane::eqv),
        Op::PveqvUp => lanes!(Upper lane::eqv),
        Op::Pveqv => lanes!(Both lane::eqv),
        Op::Vldz => element!(|z| bits::ldz(z)),
        Op::PvldzLo => lanes_z!(Lower lane::ldz),
        Op::PvldzUp => lanes_z!(Upper lane::ldz),
        Op::Pvldz => lanes_z!(Both lane::ldz),
        Op::Vpcnt => element!(|z| bits::pcnt(z)),
        Op::PvpcntLo => lanes_z!(Lower lane::pcnt),
        Op::PvpcntUp => lanes_z!(Upper lane::pcnt),
        Op::Pvpcnt => lanes_z!(Both lane::pcnt),
        Op::Vbrv => element!(|z| bits::brv(z)),
        Op::PvbrvLo => lanes_z!(Lower lane::brv),
        Op::PvbrvUp => lanes_z!(Upper lane::brv),
        Op::Pvbrv => lanes_z!(Both lane::brv),
        _ => return None,
    })
}

fn shift(op: Op) -> Option<Handler> {
    Some(match op {
        Op::Vsll => element!(|y, z| bits::sll(z, y)),
        Op::PvsllLo => lanes!(Lower lane::sll),
        Op::PvsllUp => lanes!(Upper lane::sll),
        Op::Pvsll => lanes!(Both lane::sll),
        Op::Vsrl => element!(|y, z| bits::srl(z, y)),
        Op::PvsrlLo => lanes!(Lower lane::srl),
        Op::PvsrlUp => lanes!(Upper lane::srl),
        Op::Pvsrl => lanes!(Both lane::srl),
        Op::VslaWSx => outcome!(|y, z| bits::sla_w_sx(z, y)),
        Op::PvslaLo => lanes!(Lower lane::sla),
        Op::PvslaUp => lanes!(Upper lane::sla),
        Op::Pvsla => lanes!(Both lane::sla),
        Op::VslaL => outcome!(|y, z| bits::sla_l(z, y)),
        Op::VsraWSx => element!(|y, z| bits::sra_w_sx(z, y)),
        Op::PvsraLo => lanes!(Lower lane::sra),
        Op::PvsraUp => lanes!(Upper lane::sra),
        Op::Pvsra => lanes!(Both lane::sra),
        Op::VsraL => element!(|y, z| bits::sra_l(z, y)),
        // Here y and z are both vectors, even if an operand is scalar.
        Op::Vsld => |run, slot, fuel| of_pair(run, slot, fuel, lane::sld),
        Op::Vsrd => |run, slot, fuel| of_pair(run, slot, fuel, lane::srd),
        Op::Vshf => |run, slot, fuel| of_pair(run, slot, fuel, lane::shf),
        Op::Vsfa => |run, slot, fuel| {
            let (shift, base) = (run.y(slot), run.z(slot));
            let active = run.active(slot);
            let sources = [Operand::Vector(run.vector_z(slot))];
            let places = run.places(slot, sources, &active);
            elements(&mut run.cpu.v, places, |[z]| lane::sfa(z, shift, base));
            run.next(slot, fuel)
        },
        _ => return None,
    })
}

/// Two vectors and the scalar y.
#[inline(always)]
fn of_pair(run: &mut Run, slot: &Slot, fuel: Fuel, f: impl Fn(u64, u64, u64) -> u64) -> Link {
    let scalar = run.y(slot);
    let active = run.active(slot);
    let sources = [run.vector_y(slot), run.vector_z(slot)].map(Operand::Vector);
    let places = run.places(slot, sources, &active);
    elements(&mut run.cpu.v, places, |[y, z]| f(y, z, scalar));
    run.next(slot, fuel)
}
