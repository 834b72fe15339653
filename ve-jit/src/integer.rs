//! Integers, bits, shifts, comparisons.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, Value};
use ve_isa::encoding::{Insn, Op, operand};

use crate::function::{Compared, Function};
use crate::operation::is_deferred;

/// How 32 bits become a register.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extension {
    Sign,
    Zeros,
}

use Extension::{Sign, Zeros};

impl Function<'_> {
    /// An instruction on integers. The result says whether it is one of those that are translated.
    pub(crate) fn emit_integer(&mut self, insn: &Insn) -> bool {
        let op = insn.op();
        if !is_deferred(op) && op != Op::Bswp {
            return false;
        }
        if op == Op::Or
            && insn.y() == operand::ZERO
            && self.is_double(insn.x())
            && self.is_double(insn.z())
        {
            let copied = self.read_float(insn.z());
            self.copy_double(insn.x(), copied);
            return true;
        }
        let (y, z) = (self.read(insn.y()), self.read(insn.z()));
        let value = match op {
            Op::AdduL => self.builder.ins().iadd(y, z),
            Op::SubuL => self.builder.ins().isub(y, z),
            Op::MuluL => self.builder.ins().imul(y, z),
            Op::AdduW => self.low_halves(y, z, |ins, y, z| ins.iadd(y, z)),
            Op::SubuW => self.low_halves(y, z, |ins, y, z| ins.isub(y, z)),
            Op::MuluW => self.low_halves(y, z, |ins, y, z| ins.imul(y, z)),
            Op::AddsL => self.adds_l(y, z),
            Op::SubsL => self.subs_l(y, z),
            Op::MulsL => self.muls_l(y, z),
            Op::AddsWSx => self.adds_w(y, z, Sign),
            Op::AddsWZx => self.adds_w(y, z, Zeros),
            Op::SubsWSx => self.subs_w(y, z, Sign),
            Op::SubsWZx => self.subs_w(y, z, Zeros),
            Op::MulsWSx => self.muls_w(y, z, Sign),
            Op::MulsWZx => self.muls_w(y, z, Zeros),
            Op::MulsLW => {
                let (y, z) = (self.signed(y), self.signed(z));
                self.builder.ins().imul(y, z)
            }
            Op::And => self.and(y, z),
            Op::Or => match (self.constant(y), self.constant(z)) {
                (Some(0), _) => z,
                (_, Some(0)) => y,
                _ => self.builder.ins().bor(y, z),
            },
            Op::Xor => self.builder.ins().bxor(y, z),
            Op::Eqv => {
                let different = self.builder.ins().bxor(y, z);
                self.builder.ins().bnot(different)
            }
            Op::Nnd => self.builder.ins().band_not(z, y),
            Op::Mrg => {
                let x = self.read(insn.x());
                self.builder.ins().bitselect(z, y, x)
            }
            Op::Ldz => self.builder.ins().clz(z),
            Op::Pcnt => self.builder.ins().popcnt(z),
            Op::Brv => self.builder.ins().bitrev(z),
            Op::Bswp => match self.constant(y) {
                Some(y) => {
                    let all = self.builder.ins().bswap(z);
                    if y & 1 == 0 {
                        all
                    } else {
                        self.builder.ins().rotr_imm(all, 32)
                    }
                }
                None => return false,
            },
            Op::Sll => self.shift(y, z, |ins, z, y| ins.ishl(z, y)),
            Op::Srl => self.shift(y, z, |ins, z, y| ins.ushr(z, y)),
            Op::SraL => self.shift(y, z, |ins, z, y| ins.sshr(z, y)),
            Op::SlaL => {
                let result = self.builder.ins().ishl(z, y);
                let back = self.builder.ins().sshr(result, y);
                self.note_overflow_unless_same(back, z);
                result
            }
            Op::SlaWSx => self.sla_w(y, z, Sign),
            Op::SlaWZx => self.sla_w(y, z, Zeros),
            Op::SraWSx => self.sra_w(y, z, Sign),
            Op::SraWZx => self.sra_w(y, z, Zeros),
            Op::CmpsL => self.cmps_l(y, z),
            Op::CmpuL => self.cmpu_l(y, z),
            Op::CmpsWSx => self.cmp_w(y, z, Sign, false),
            Op::CmpsWZx => self.cmp_w(y, z, Zeros, false),
            Op::CmpuW => self.cmp_w(y, z, Sign, true),
            Op::MaxsL => self.builder.ins().smax(y, z),
            Op::MinsL => self.builder.ins().smin(y, z),
            Op::MaxsWSx => self.extreme_w(y, z, Sign, true),
            Op::MaxsWZx => self.extreme_w(y, z, Zeros, true),
            Op::MinsWSx => self.extreme_w(y, z, Sign, false),
            Op::MinsWZx => self.extreme_w(y, z, Zeros, false),
            Op::Lea => self.address(insn),
            Op::LeaSl => {
                let sum = self.sum_of(insn);
                let upper = (insn.imm() << 32) as u64;
                self.plus(sum, upper as i64)
            }
            _ => return false,
        };
        self.write(insn.x(), value);
        true
    }

    /// The address of a load, a store or a jump.
    pub(crate) fn address(&mut self, insn: &Insn) -> Value {
        let sum = self.sum_of(insn);
        self.plus(sum, insn.imm())
    }

    /// The sum of both operands. It raises nothing.
    pub(crate) fn sum_of(&mut self, insn: &Insn) -> Value {
        if insn.y() == operand::ZERO {
            return self.read(insn.z());
        }
        let (y, z) = (self.read(insn.y()), self.read(insn.z()));
        self.sum(y, z)
    }

    /// A sum that raises nothing.
    fn sum(&mut self, y: Value, z: Value) -> Value {
        match (self.constant(y), self.constant(z)) {
            (Some(y), Some(z)) => self.number(y.wrapping_add(z)),
            (Some(y), None) => self.plus(z, y),
            (None, Some(z)) => self.plus(y, z),
            (None, None) => {
                if let Some(sum) = self.sums.get(&(y, z)) {
                    return *sum;
                }
                let sum = self.builder.ins().iadd(z, y);
                self.sums.insert((y, z), sum);
                sum
            }
        }
    }

    pub(crate) fn plus(&mut self, value: Value, constant: i64) -> Value {
        match self.constant(value) {
            Some(known) => self.number(known.wrapping_add(constant)),
            None if constant == 0 => value,
            None => self.builder.ins().iadd_imm(value, constant),
        }
    }

    fn with_low_half(&mut self, value: Value) -> Value {
        let low = self.low(value);
        self.extend_zeros(low)
    }

    fn and(&mut self, y: Value, z: Value) -> Value {
        const LOW: i64 = u32::MAX as i64;
        match (self.constant(y), self.constant(z)) {
            (Some(y), Some(z)) => self.number(y & z),
            (Some(LOW), _) => self.with_low_half(z),
            (_, Some(LOW)) => self.with_low_half(y),
            _ => self.builder.ins().band(y, z),
        }
    }

    fn extended_by(&mut self, low: Value, extension: Extension) -> Value {
        match extension {
            Sign => self.extend(low),
            Zeros => self.extend_zeros(low),
        }
    }

    fn low_halves(
        &mut self,
        y: Value,
        z: Value,
        operation: impl FnOnce(cranelift_frontend::FuncInstBuilder<'_, '_>, Value, Value) -> Value,
    ) -> Value {
        let (y, z) = (self.low(y), self.low(z));
        let low = operation(self.builder.ins(), y, z);
        self.extend_zeros(low)
    }

    /// A shift, of whose count the host takes as many bits as the Vector Engine does.
    fn shift(
        &mut self,
        y: Value,
        z: Value,
        operation: impl FnOnce(cranelift_frontend::FuncInstBuilder<'_, '_>, Value, Value) -> Value,
    ) -> Value {
        operation(self.builder.ins(), z, y)
    }

    fn adds_l(&mut self, y: Value, z: Value) -> Value {
        match (self.constant(y), self.constant(z)) {
            (Some(0), _) => z,
            (_, Some(0)) => y,
            // The host takes a constant as the second operand.
            (Some(_), None) => self.noted(|ins| ins.sadd_overflow(z, y)),
            _ => self.noted(|ins| ins.sadd_overflow(y, z)),
        }
    }

    fn subs_l(&mut self, y: Value, z: Value) -> Value {
        if self.constant(z) == Some(0) {
            return y;
        }
        self.noted(|ins| ins.ssub_overflow(y, z))
    }

    fn muls_l(&mut self, y: Value, z: Value) -> Value {
        self.noted(|ins| ins.smul_overflow(y, z))
    }

    /// A result of which the host says whether it fits.
    fn noted(
        &mut self,
        operation: impl FnOnce(cranelift_frontend::FuncInstBuilder<'_, '_>) -> (Value, Value),
    ) -> Value {
        let (value, overflows) = operation(self.builder.ins());
        self.note_overflow(overflows);
        value
    }

    fn adds_w(&mut self, y: Value, z: Value, extension: Extension) -> Value {
        let moved = match (self.constant(y), self.constant(z)) {
            (Some(0), _) => Some(z),
            (_, Some(0)) => Some(y),
            _ => None,
        };
        if let Some(moved) = moved {
            if extension == Sign {
                return self.signed(moved);
            }
            let low = self.low(moved);
            return self.extend_zeros(low);
        }
        let (y, z) = match self.constant(y) {
            Some(_) => (self.low(z), self.low(y)),
            None => (self.low(y), self.low(z)),
        };
        let low = self.noted(|ins| ins.sadd_overflow(y, z));
        self.extended_by(low, extension)
    }

    fn subs_w(&mut self, y: Value, z: Value, extension: Extension) -> Value {
        let (y, z) = (self.low(y), self.low(z));
        let low = self.noted(|ins| ins.ssub_overflow(y, z));
        self.extended_by(low, extension)
    }

    fn muls_w(&mut self, y: Value, z: Value, extension: Extension) -> Value {
        let (y, z) = (self.low(y), self.low(z));
        let low = self.noted(|ins| ins.smul_overflow(y, z));
        self.extended_by(low, extension)
    }

    fn sla_w(&mut self, y: Value, z: Value, extension: Extension) -> Value {
        let z = self.low(z);
        let result = self.builder.ins().ishl(z, y);
        let back = self.builder.ins().sshr(result, y);
        self.note_overflow_unless_same(back, z);
        self.extended_by(result, extension)
    }

    fn sra_w(&mut self, y: Value, z: Value, extension: Extension) -> Value {
        let z = self.low(z);
        let result = self.builder.ins().sshr(z, y);
        self.extended_by(result, extension)
    }

    fn extreme_w(&mut self, y: Value, z: Value, extension: Extension, larger: bool) -> Value {
        let (y, z) = (self.low(y), self.low(z));
        let low = if larger {
            self.builder.ins().smax(y, z)
        } else {
            self.builder.ins().smin(y, z)
        };
        self.extended_by(low, extension)
    }

    /// The difference from or to a constant, or the number nearest to it: the other operand is brought to the nearest one that has a difference.
    fn cmp_l_constant(&mut self, y: Value, z: Value, unsigned: bool) -> Option<Value> {
        let (constant, other) = match (self.constant(y), self.constant(z)) {
            (Some(y), None) => (y, z),
            (None, Some(z)) => (z, y),
            _ => return None,
        };
        let is_first = other == z;
        let from_zero = constant >= 0;
        // The largest difference is 2^63 - 1, the smallest -2^63.
        let limit = match (is_first, unsigned == from_zero) {
            (true, true) | (false, false) => constant.wrapping_add(i64::MIN),
            (true, false) => constant.wrapping_sub(i64::MAX),
            (false, true) => constant.wrapping_add(i64::MAX),
        };
        let limit = self.number(limit);
        let ins = self.builder.ins();
        let near = match (unsigned, from_zero) {
            (true, true) => ins.umin(other, limit),
            (true, false) => ins.umax(other, limit),
            (false, true) => ins.smax(other, limit),
            (false, false) => ins.smin(other, limit),
        };
        Some(if is_first {
            self.builder.ins().isub(y, near)
        } else {
            self.builder.ins().isub(near, z)
        })
    }

    /// The difference, or the number nearest to it.
    fn cmps_l(&mut self, y: Value, z: Value) -> Value {
        if let Some(value) = self.cmp_l_constant(y, z, false) {
            self.note_compared(value, y, z, false, false);
            return value;
        }
        let difference = self.builder.ins().isub(y, z);
        let operands = self.builder.ins().bxor(y, z);
        let from_y = self.builder.ins().bxor(difference, y);
        let overflow = self.builder.ins().band(operands, from_y);
        let overflows = self
            .builder
            .ins()
            .icmp_imm(IntCC::SignedLessThan, overflow, 0);
        // All ones for a negative `y`, and the largest number turned by that.
        let sign = self.builder.ins().sshr_imm(y, 63);
        let nearest = self.builder.ins().bxor_imm(sign, i64::MAX);
        let value = self.builder.ins().select(overflows, nearest, difference);
        self.note_compared(value, y, z, false, false);
        value
    }

    fn cmpu_l(&mut self, y: Value, z: Value) -> Value {
        if let Some(value) = self.cmp_l_constant(y, z, true) {
            self.note_compared(value, y, z, true, false);
            return value;
        }
        // Below 2^63 each difference fits.
        let difference = self.builder.ins().isub(y, z);
        let either = self.builder.ins().bor(y, z);
        let is_large = self
            .builder
            .ins()
            .icmp_imm(IntCC::SignedLessThan, either, 0);
        let (large, next) = (self.cold_block(), self.builder.create_block());
        let value = self.builder.append_block_param(next, I64);
        let small = [difference.into()];
        self.builder.ins().brif(is_large, large, &[], next, &small);
        self.switch_to_end(large);
        let less = self.builder.ins().icmp(IntCC::UnsignedLessThan, y, z);
        // It fits if its sign says the same.
        let sign = self.builder.ins().bmask(I64, less);
        let nearest = self.builder.ins().bxor_imm(sign, i64::MAX);
        let wrong = self.builder.ins().bxor(difference, sign);
        let wrong = self.builder.ins().icmp_imm(IntCC::SignedLessThan, wrong, 0);
        let exact = self.builder.ins().select(wrong, nearest, difference);
        self.builder.ins().jump(next, &[exact.into()]);
        self.switch_to_end(next);
        self.note_compared(value, y, z, true, false);
        value
    }

    fn cmp_w(&mut self, y: Value, z: Value, extension: Extension, unsigned: bool) -> Value {
        let (low_y, low_z) = (self.low(y), self.low(z));
        let (long_y, long_z) = if unsigned {
            (self.extend_zeros(low_y), self.extend_zeros(low_z))
        } else {
            (self.signed(y), self.signed(z))
        };
        let exact = self.builder.ins().isub(long_y, long_z);
        let most = self.number(i32::MAX.into());
        let least = self.number(i32::MIN.into());
        let value = self.builder.ins().smin(exact, most);
        let value = self.builder.ins().smax(value, least);
        let value = if extension == Sign {
            self.note_extended(value);
            value
        } else {
            let low = self.low(value);
            self.extend_zeros(low)
        };
        self.note_compared(value, low_y, low_z, unsigned, true);
        value
    }

    fn note_compared(&mut self, value: Value, y: Value, z: Value, unsigned: bool, low_half: bool) {
        self.compared.insert(
            value,
            Compared {
                y,
                z,
                unsigned,
                low_half,
            },
        );
    }
}
