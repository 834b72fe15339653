//! Branches, jumps and calls.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value};
use ve_isa::encoding::{Condition, Insn, Op, operand};

use crate::function::{Compared, Function};
use crate::region::{Flow, flow};

/// The numbers that a condition compares.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    L,
    W,
    D,
    S,
}

/// The relation of two integers.
fn relation(condition: Condition, unsigned: bool) -> Option<IntCC> {
    Some(match (condition as u8 & 7, unsigned) {
        (1, false) => IntCC::SignedGreaterThan,
        (2, false) => IntCC::SignedLessThan,
        (5, false) => IntCC::SignedGreaterThanOrEqual,
        (6, false) => IntCC::SignedLessThanOrEqual,
        (1, true) => IntCC::UnsignedGreaterThan,
        (2, true) => IntCC::UnsignedLessThan,
        (5, true) => IntCC::UnsignedGreaterThanOrEqual,
        (6, true) => IntCC::UnsignedLessThanOrEqual,
        (3, _) => IntCC::NotEqual,
        (4, _) => IntCC::Equal,
        _ => return None,
    })
}

impl Function<'_> {
    /// Whether two operands meet a condition: a value of 8 bits.
    pub(crate) fn holds(&mut self, kind: Kind, condition: Condition, y: Value, z: Value) -> Value {
        match kind {
            Kind::L | Kind::W => self.integers_hold(kind, condition, y, z),
            Kind::D | Kind::S => self.floats_hold(kind, condition, y, z),
        }
    }

    fn integers_hold(&mut self, kind: Kind, condition: Condition, y: Value, z: Value) -> Value {
        // The result of a comparison, compared with 0, says what the comparison says.
        let is_zero = |value| self.constant(value) == Some(0);
        let compared = match (is_zero(y), is_zero(z)) {
            (false, true) => self.compared.get(&y).copied(),
            (true, false) => self.compared.get(&z).map(|found| Compared {
                y: found.z,
                z: found.y,
                ..*found
            }),
            _ => None,
        };
        if let Some(compared) = compared
            && (kind == Kind::W) == compared.low_half
            && let Some(relation) = relation(condition, compared.unsigned)
        {
            return self.builder.ins().icmp(relation, compared.y, compared.z);
        }
        let Some(relation) = relation(condition, false) else {
            let always = i64::from(condition as u8 & 7 == 7);
            return self
                .builder
                .ins()
                .iconst(cranelift_codegen::ir::types::I8, always);
        };
        if kind == Kind::L {
            return self.builder.ins().icmp(relation, y, z);
        }
        let (y, z) = (self.low(y), self.low(z));
        self.builder.ins().icmp(relation, y, z)
    }

    /// By integers, since comparing raises nothing.
    fn floats_hold(&mut self, kind: Kind, condition: Condition, y: Value, z: Value) -> Value {
        let infinity = match kind {
            Kind::S => u64::from(f32::INFINITY.to_bits()) << 32,
            _ => f64::INFINITY.to_bits(),
        };
        let mut sides = [y, z];
        let mut nan = None;
        for side in &mut sides {
            if self.constant(*side) == Some(0) {
                continue;
            }
            if kind == Kind::S {
                *side = self.builder.ins().band_imm(*side, !0xffff_ffff);
            }
            let absolute = self.builder.ins().band_imm(*side, i64::MAX);
            let limit = self.number(infinity as i64);
            let is_nan = self
                .builder
                .ins()
                .icmp(IntCC::UnsignedGreaterThan, absolute, limit);
            nan = Some(match nan {
                None => is_nan,
                Some(other) => self.builder.ins().bor(other, is_nan),
            });
            // A number that grows with the float, 0 for both zeros.
            let sign = self.builder.ins().sshr_imm(*side, 63);
            let turned = self.builder.ins().bxor(absolute, sign);
            *side = self.builder.ins().isub(turned, sign);
        }
        let [y, z] = sides;
        let ordered = self.integers_hold(Kind::L, condition, y, z);
        let Some(nan) = nan else { return ordered };
        if condition as u8 & 8 != 0 {
            self.builder.ins().bor(ordered, nan)
        } else {
            self.builder.ins().band_not(ordered, nan)
        }
    }

    /// The last instruction of a block, if it may lead elsewhere than to the next one. The result says whether it does.
    pub(crate) fn end_by(&mut self, insn: &Insn) -> bool {
        let kind = match insn.op() {
            Op::BrW | Op::BW => Kind::W,
            Op::BrD | Op::BD => Kind::D,
            Op::BrS | Op::BS => Kind::S,
            _ => Kind::L,
        };
        match flow(self.ic, insn) {
            Flow::Next => return false,
            Flow::Goto(target) => {
                self.store_registers();
                self.go_to(target);
            }
            Flow::Branch(target) => {
                let (y, z) = (self.read(insn.y()), self.read(insn.z()));
                let holds = self.holds(kind, insn.condition(), y, z);
                self.store_registers();
                let is_loop = target <= self.ic;
                self.choose(holds, is_loop, |function| function.go_to(target));
            }
            Flow::Jump => {
                let z = self.read(insn.z());
                let target = self.builder.ins().iadd_imm(z, insn.imm());
                let (y, zero) = (self.read(insn.y()), self.number(0));
                let holds = self.holds(kind, insn.condition(), y, zero);
                self.store_registers();
                self.choose(holds, false, |function| function.jump_to(target));
            }
            Flow::Always | Flow::Call if insn.op() == Op::Bsic => {
                let target = self.address(insn);
                let back = self.number(self.ic as i64 + 8);
                self.write(insn.x(), back);
                self.store_registers();
                if flow(self.ic, insn) == Flow::Call {
                    self.call(target);
                } else {
                    self.jump_to(target);
                }
            }
            Flow::Return => {
                let target = self.read(insn.z());
                self.store_registers();
                self.return_to(target);
            }
            Flow::Always | Flow::Call => {
                let z = self.read(insn.z());
                let target = self.builder.ins().iadd_imm(z, insn.imm());
                self.store_registers();
                self.jump_to(target);
            }
            Flow::Leave => {
                self.interpret(insn);
                let next = self.ic + 8;
                self.leave_for(next);
            }
        }
        true
    }

    /// One way or the next instruction.
    fn choose(&mut self, holds: Value, is_loop: bool, taken: impl FnOnce(&mut Self)) {
        let (yes, no) = (self.builder.create_block(), self.builder.create_block());
        if is_loop {
            // The compiler lays out the second one right behind the branch.
            let ends = self.builder.ins().icmp_imm(IntCC::Equal, holds, 0);
            self.builder.ins().brif(ends, no, &[], yes, &[]);
        } else {
            self.builder.ins().brif(holds, yes, &[], no, &[]);
        }
        self.switch_to_end(yes);
        taken(self);
        self.switch_to_end(no);
        let next = self.ic + 8;
        self.go_to(next);
    }

    /// `cmov`, `sic` and what does nothing. The result says whether the instruction is one of these.
    pub(crate) fn emit_control(&mut self, insn: &Insn) -> bool {
        let kind = match insn.op() {
            Op::CmovL => Kind::L,
            Op::CmovW => Kind::W,
            Op::CmovD => Kind::D,
            Op::CmovS => Kind::S,
            Op::Sic => {
                let next = self.number(self.ic as i64 + 8);
                self.write(insn.x(), next);
                return true;
            }
            Op::Nop | Op::Svob | Op::Fencei | Op::Pfch => return true,
            // Those of the branches that never go.
            Op::BrL | Op::BrW | Op::BrD | Op::BrS | Op::BL | Op::BW | Op::BD | Op::BS => {
                return true;
            }
            Op::Smvl => {
                let most = self.number(ve_isa::state::ELEMENTS as i64);
                self.write(insn.x(), most);
                return true;
            }
            _ => return false,
        };
        debug_assert!(insn.x() < operand::REGISTERS);
        let value = match insn.condition() {
            Condition::Never => return true,
            Condition::Always => self.read(insn.z()),
            condition => {
                let (x, y, z) = (
                    self.read(insn.x()),
                    self.read(insn.y()),
                    self.read(insn.z()),
                );
                let zero = self.number(0);
                let holds = self.holds(kind, condition, y, zero);
                self.builder.ins().select(holds, z, x)
            }
        };
        self.write(insn.x(), value);
        true
    }
}
