//! Operations on vectors.
//!
//! Their operands are found when they run: which register `%vix` is depends on VIXR.

mod float;
mod integer;
mod memory;
mod other;

use super::run::{Fuel, Handler, Link, Run, Slot};
use crate::encoding::{Op, ScalarOperand, VIX};
use crate::semantics::vector::elementwise::Places;
use crate::semantics::vector::{Active, Operand};
use crate::state::psw::Flags;

impl Run {
    /// The number of the vector register that a field names.
    #[inline(always)]
    fn register(&self, field: u8) -> usize {
        let number = if field == VIX {
            self.cpu.vixr
        } else {
            field.into()
        };
        number as usize & 63
    }

    #[inline(always)]
    fn vector_x(&self, slot: &Slot) -> usize {
        self.register(slot.insn.vx())
    }

    #[inline(always)]
    fn vector_y(&self, slot: &Slot) -> usize {
        self.register(slot.insn.vy())
    }

    #[inline(always)]
    fn vector_z(&self, slot: &Slot) -> usize {
        self.register(slot.insn.vz())
    }

    /// The source y, which may be a scalar.
    #[inline(always)]
    fn source_y(&self, slot: &Slot) -> Operand {
        match slot.insn.scalar() {
            ScalarOperand::Y => Operand::Scalar(self.y(slot)),
            ScalarOperand::None | ScalarOperand::Z => Operand::Vector(self.vector_y(slot)),
        }
    }

    /// The source z, which may be a scalar.
    #[inline(always)]
    fn source_z(&self, slot: &Slot) -> Operand {
        match slot.insn.scalar() {
            ScalarOperand::Z => Operand::Scalar(self.y(slot)),
            ScalarOperand::None | ScalarOperand::Y => Operand::Vector(self.vector_z(slot)),
        }
    }

    /// The elements that take part.
    #[inline(always)]
    fn active(&self, slot: &Slot) -> Active {
        match slot.insn.mask() {
            0 => Active::all(self.cpu.vl()),
            mask => Active::masked(self.cpu.vl(), &self.cpu.vm[usize::from(mask & 15)]),
        }
    }

    /// The lanes that take part, where each has its own mask.
    #[inline(always)]
    fn active_pair(&self, slot: &Slot) -> Active {
        match usize::from(slot.insn.mask() & 14) {
            0 => Active::all(self.cpu.vl()),
            mask => Active::packed(self.cpu.vl(), &self.cpu.vm[mask], &self.cpu.vm[mask + 1]),
        }
    }

    #[inline(always)]
    fn places<'a, const N: usize>(
        &self,
        slot: &Slot,
        sources: [Operand; N],
        active: &'a Active,
    ) -> Places<'a, N> {
        Places {
            x: self.vector_x(slot),
            sources,
            active,
        }
    }

    /// Runs what changes the register `x` of an instruction, then notes what happened. If that traps, the register is as before.
    #[inline(always)]
    fn unless_it_traps(
        &mut self,
        slot: &Slot,
        fuel: Fuel,
        operation: impl FnOnce(&mut Self) -> Flags,
    ) -> Link {
        let x = self.vector_x(slot);
        let before = (!self.cpu.psw.enables().is_empty()).then(|| Box::new(self.cpu.v[x]));
        let flags = operation(self);
        if !flags.is_empty()
            && let Err(leave) = self.raise(slot, flags)
        {
            if let Some(before) = before {
                self.cpu.v[x] = *before;
            }
            return leave;
        }
        self.next(slot, fuel)
    }
}

/// The handler of an operation of this kind.
pub(super) fn handler(op: Op) -> Option<Handler> {
    integer::handler(op)
        .or_else(|| float::handler(op))
        .or_else(|| memory::handler(op))
        .or_else(|| other::handler(op))
}
