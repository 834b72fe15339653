//! Branches, jumps and calls: the code for such instructions, and how code of the host goes on elsewhere.

use cranelift_codegen::ir::condcodes::{CondCode, FloatCC, IntCC};
use cranelift_codegen::ir::types::{I8, I32, I64};
use cranelift_codegen::ir::{self, InstBuilder, InstructionData, Value};
use ve_isa::encoding::{ConditionCode, Insn, Op, operand};
use ve_isa::interp::{exit, layout};

use crate::function::{Compared, Function, own};
use crate::region::{Flow, flow};

/// How deep calls of machine code are calls of the host, each of which takes some of its stack. One that is deeper ends all of them: the
/// interpreter's loop enters the called code anew.
const DEEPEST: i64 = 256;

/// The numbers that a condition compares.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    L,
    W,
    D,
    S,
}

/// The relation of two integers.
fn relation(condition: ConditionCode, unsigned: bool) -> Option<IntCC> {
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
    pub(crate) fn holds(
        &mut self,
        kind: Kind,
        condition: ConditionCode,
        y: Value,
        z: Value,
    ) -> Value {
        match kind {
            Kind::L | Kind::W => self.integers_hold(kind, condition, y, z),
            Kind::D | Kind::S => self.floats_hold(kind, condition, y, z),
        }
    }

    /// Whether the operands of a branch meet its condition.
    fn operands_hold(&mut self, kind: Kind, insn: &Insn) -> Value {
        if kind == Kind::D
            && let Some(holds) = self.quiet_floats_hold(insn)
        {
            return holds;
        }
        let (y, z) = (self.read(insn.y()), self.read(insn.z()));
        self.holds(kind, insn.condition(), y, z)
    }

    /// Compares with the host's unit, if nothing can be a signaling NaN: for these it would raise what the Vector Engine does not.
    fn quiet_floats_hold(&mut self, insn: &Insn) -> Option<Value> {
        let relation = match insn.condition() as u8 {
            1 => FloatCC::GreaterThan,
            2 => FloatCC::LessThan,
            3 => FloatCC::OrderedNotEqual,
            4 => FloatCC::Equal,
            5 => FloatCC::GreaterThanOrEqual,
            6 => FloatCC::LessThanOrEqual,
            9 => FloatCC::UnorderedOrGreaterThan,
            10 => FloatCC::UnorderedOrLessThan,
            11 => FloatCC::NotEqual,
            12 => FloatCC::UnorderedOrEqual,
            13 => FloatCC::UnorderedOrGreaterThanOrEqual,
            14 => FloatCC::UnorderedOrLessThanOrEqual,
            _ => return None,
        };
        let (y, z) = (self.read_float(insn.y()), self.read_float(insn.z()));
        let is_quiet = self.is_quiet(y) && self.is_quiet(z);
        is_quiet.then(|| self.builder.ins().fcmp(relation, y, z))
    }

    fn integers_hold(&mut self, kind: Kind, condition: ConditionCode, y: Value, z: Value) -> Value {
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
            return self.builder.ins().iconst(I8, always);
        };
        if kind == Kind::L {
            return self.builder.ins().icmp(relation, y, z);
        }
        let (y, z) = (self.low(y), self.low(z));
        self.builder.ins().icmp(relation, y, z)
    }

    /// By integers, since comparing raises nothing.
    fn floats_hold(&mut self, kind: Kind, condition: ConditionCode, y: Value, z: Value) -> Value {
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
            Flow::Goto(target) => self.go_to(target),
            Flow::Branch(target) => {
                let holds = self.operands_hold(kind, insn);
                self.branch_to(holds, target);
            }
            Flow::Jump => {
                let z = self.read(insn.z());
                let target = self.builder.ins().iadd_imm(z, insn.imm());
                let (y, zero) = (self.read(insn.y()), self.number(0));
                let holds = self.holds(kind, insn.condition(), y, zero);
                self.store_registers();
                let (yes, no) = (self.builder.create_block(), self.builder.create_block());
                self.builder.ins().brif(holds, yes, &[], no, &[]);
                self.switch_to_end(yes);
                self.jump_to(target);
                self.switch_to_end(no);
                let next = self.ic + 8;
                self.go_to(next);
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

    /// Goes on at a fixed address or with the next instruction.
    fn branch_to(&mut self, holds: Value, target: u64) {
        let next = self.ic + 8;
        self.store_before_both(target, next);
        let (taken, passed) = (self.only_goes_to(target), self.only_goes_to(next));
        let yes = taken.unwrap_or_else(|| self.builder.create_block());
        let no = passed.unwrap_or_else(|| self.builder.create_block());
        if target <= self.ic {
            // The compiler lays out the second one right behind the branch.
            let ends = self.not(holds);
            self.builder.ins().brif(ends, no, &[], yes, &[]);
        } else {
            self.builder.ins().brif(holds, yes, &[], no, &[]);
        }
        let unstored = self.unstored;
        if taken.is_none() {
            self.switch_to_end(yes);
            self.go_to(target);
        }
        self.unstored = unstored;
        if passed.is_none() {
            self.switch_to_end(no);
            self.go_to(next);
        }
    }

    /// Whether a condition does not hold. Of a comparison it is the opposite one.
    fn not(&mut self, holds: Value) -> Value {
        let dfg = &self.builder.func.dfg;
        let inst = dfg.value_def(holds).inst();
        match inst.map(|inst| dfg.insts[inst]) {
            Some(InstructionData::IntCompare {
                cond, args: [y, z], ..
            }) => self.builder.ins().icmp(cond.complement(), y, z),
            Some(InstructionData::FloatCompare {
                cond, args: [y, z], ..
            }) => self.builder.ins().fcmp(cond.complement(), y, z),
            _ => self.builder.ins().icmp_imm(IntCC::Equal, holds, 0),
        }
    }

    /// The block for an address, if going there is no more than that.
    fn only_goes_to(&self, target: u64) -> Option<ir::Block> {
        let block = self.blocks.get(&target)?;
        let is_free = self.chains && target > self.ic && self.is_stored_before(target);
        is_free.then_some(*block)
    }

    /// `cmov`, `sic` and instructions without effect. The result says whether the instruction is one of these.
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
            ConditionCode::Never => return true,
            ConditionCode::Always => self.read(insn.z()),
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

    /// Ends a block behind which the next instruction is, in this region or not.
    pub(crate) fn end_block(&mut self) {
        let next = self.ic + 8;
        // This does not jump backwards.
        self.go_to(next);
    }

    /// A number that is not 0 if the thread is to stop. Another thread writes it: a plain load would be left out behind an earlier one.
    fn is_asked(&mut self) -> Value {
        let stop = self.field(I64, layout::STOP);
        self.builder.ins().atomic_load(I32, own(), stop)
    }

    /// Ends if the thread is to stop: it then goes on at this address. Else it goes on in a block.
    fn look_at_stop(&mut self, target: u64, next: ir::Block) {
        let asked = self.is_asked();
        let stop = self.cold_block();
        self.builder.ins().brif(asked, stop, &[], next, &[]);
        self.switch_to_end(stop);
        let unstored = self.unstored;
        self.store_registers();
        self.end(target | exit::GO_ON);
        self.unstored = unstored;
    }

    /// Goes on at a fixed address.
    fn go_to(&mut self, target: u64) {
        let is_backwards = target <= self.ic;
        if self.chains
            && let Some(block) = self.blocks.get(&target)
        {
            let block = *block;
            self.store_before(target);
            if is_backwards {
                self.look_at_stop(target, block);
            } else {
                self.builder.ins().jump(block, &[]);
            }
            return;
        }
        self.store_registers();
        if !self.chains {
            self.end(target | exit::GO_ON);
            return;
        }
        if is_backwards {
            let next = self.builder.create_block();
            self.look_at_stop(target, next);
            self.switch_to_end(next);
        }
        let wanted = self.builder.ins().iconst(I64, target as i64);
        let end = self.cold_block();
        let code = self.code_or(wanted, end);
        self.jump_to_code(code);
        self.switch_to_end(end);
        self.end(target | exit::GO_ON);
    }

    fn depth(&mut self) -> Value {
        self.builder.ins().stack_load(I64, self.depth, 0)
    }

    fn jump_to_code(&mut self, code: Value) {
        let arguments = [self.state(), self.depth()];
        self.builder
            .ins()
            .return_call_indirect(self.code, code, &arguments);
    }

    /// Goes on at a computed address. All is stored.
    fn jump_to(&mut self, target: Value) {
        let Some((code, miss)) = self.code_at(target) else {
            return;
        };
        let asked = self.is_asked();
        let jump = self.builder.create_block();
        self.builder.ins().brif(asked, miss, &[], jump, &[]);
        self.end_jump(miss, target);
        self.switch_to_end(jump);
        self.jump_to_code(code);
    }

    /// Calls the machine code at a computed address, and goes on with the next instruction. All is stored.
    ///
    /// It does not look at the stop word before: calls are this deep at most, and each looks when it is back.
    fn call(&mut self, target: Value) {
        let Some((code, miss)) = self.code_at(target) else {
            return;
        };
        let call = self.builder.create_block();
        let depth = self.depth();
        let is_flat = self
            .builder
            .ins()
            .icmp_imm(IntCC::UnsignedLessThan, depth, DEEPEST);
        self.builder.ins().brif(is_flat, call, &[], miss, &[]);
        self.end_jump(miss, target);
        self.switch_to_end(call);
        let deeper = self.builder.ins().iadd_imm(depth, 1);
        let arguments = [self.state(), deeper];
        let call = self
            .builder
            .ins()
            .call_indirect(self.code, code, &arguments);
        let &[why, state] = self.builder.inst_results(call) else {
            unreachable!("the signature has two results");
        };
        // Nonsense if it has not come to its end. The reason says so, and code that gets it takes nothing else.
        self.builder.def_var(self.state, state);
        let back = self.ic + 8;
        let wanted = self.builder.ins().iconst(I64, (back | exit::GO_ON) as i64);
        let is_back = self.builder.ins().icmp(IntCC::Equal, why, wanted);
        let (next, loaded) = (self.builder.create_block(), self.builder.create_block());
        let end = self.cold_block();
        self.builder.ins().brif(is_back, next, &[], end, &[]);
        self.switch_to_end(next);
        // A return has not looked, and the code here may be gone.
        let asked = self.is_asked();
        self.builder.ins().brif(asked, end, &[], loaded, &[]);
        // Machine code has left in another way, or somebody else is to go on, or the thread is to stop where it is back.
        self.switch_to_end(end);
        self.end_for(why);
        self.switch_to_end(loaded);
        self.load_registers(back);
        self.go_to(back);
    }

    /// Returns to an address of machine code: to the function of the host that waits for it, if there is one. All is stored.
    fn return_to(&mut self, target: Value) {
        if self.chains {
            let (nested, even) = (self.builder.create_block(), self.builder.create_block());
            let jump = self.builder.create_block();
            let depth = self.depth();
            self.builder.ins().brif(depth, nested, &[], jump, &[]);
            self.switch_to_end(nested);
            let odd = self.builder.ins().band_imm(target, 7);
            self.builder.ins().brif(odd, jump, &[], even, &[]);
            self.switch_to_end(even);
            // If nobody waits for it, and no code is there, this is where the jump was.
            let ic = self.builder.ins().iconst(I64, self.ic as i64);
            let state = self.state();
            self.builder.ins().store(own(), ic, state, layout::IC);
            // As `exit::GO_ON` at this address.
            self.return_for(target);
            self.switch_to_end(jump);
        }
        self.jump_to(target);
    }

    /// The code of the host for a computed address, and the block where control goes if there is none, which [`end_jump`](Self::end_jump) is to
    /// fill. `None`: this code never goes on by itself, so the function ends here.
    fn code_at(&mut self, target: Value) -> Option<(Value, ir::Block)> {
        let miss = self.cold_block();
        if self.chains {
            return Some((self.code_or(target, miss), miss));
        }
        self.builder.ins().jump(miss, &[]);
        self.end_jump(miss, target);
        None
    }

    /// The code of the host for an address. Where there is none, control goes to a block.
    fn code_or(&mut self, target: Value, miss: ir::Block) -> Value {
        let table = self.field(I64, layout::JUMP_TABLE);
        let (entry, offset) = match self.constant(target) {
            Some(target) => {
                let place = target as u64 / 8 % layout::JUMP_PLACES;
                (table, place as i32 * layout::JUMP_SIZE)
            }
            None => {
                const MASK: i64 = (layout::JUMP_PLACES as i64 - 1) * 8;
                let place = self.builder.ins().band_imm(target, MASK);
                let scale = i64::from(layout::JUMP_SIZE / 8).ilog2();
                let place = self.builder.ins().ishl_imm(place, i64::from(scale));
                (self.builder.ins().iadd(table, place), 0)
            }
        };
        let address = offset + layout::JUMP_ADDRESS;
        let known = self.builder.ins().load(I64, own(), entry, address);
        let hit = self.builder.ins().icmp(IntCC::Equal, known, target);
        let found = self.builder.create_block();
        self.builder.ins().brif(hit, found, &[], miss, &[]);
        self.switch_to_end(found);
        self.builder
            .ins()
            .load(I64, own(), entry, offset + layout::JUMP_CODE)
    }

    /// Ends, in a block: the interpreter goes on at a computed address.
    fn end_jump(&mut self, block: ir::Block, target: Value) {
        self.switch_to_end(block);
        let ic = self.builder.ins().iconst(I64, self.ic as i64);
        let state = self.state();
        self.builder.ins().store(own(), ic, state, layout::IC);
        self.builder
            .ins()
            .store(own(), target, state, layout::TARGET);
        self.end(exit::JUMP);
    }

    pub(crate) fn end(&mut self, why: u64) {
        let why = self.builder.ins().iconst(I64, why as i64);
        self.end_for(why);
    }

    /// Ends for a reason that is computed.
    pub(crate) fn end_for(&mut self, why: Value) {
        self.builder.ins().jump(self.exit, &[why.into()]);
    }

    /// Ends a row before the instruction.
    pub(crate) fn end_row(&mut self) {
        self.store_registers();
        let ic = self.ic;
        self.leave_for(ic);
    }

    /// Ends: control goes on at this address, in the interpreter at first. All is stored.
    pub(crate) fn leave_for(&mut self, target: u64) {
        self.end(target | exit::GO_ON);
    }

    /// Ends: the interpreter executes the instruction, and before it others whose results are not stored.
    fn end_interpreted(&mut self) {
        let ic = self.resume.map_or(self.ic, |resume| resume.ic);
        self.end(ic | exit::INTERPRET);
    }

    /// As [`end_interpreted`](Self::end_interpreted), unless a value is not 0: then it goes on in a block. All accesses that resume at one place
    /// share the end.
    pub(crate) fn branch_to_interpreter(&mut self, goes_on: Value, next: ir::Block) {
        let shared = self.resume.and_then(|resume| resume.end);
        let end = shared.unwrap_or_else(|| self.cold_block());
        self.builder.ins().brif(goes_on, next, &[], end, &[]);
        if shared.is_none() {
            // It is not sealed: others may lead here.
            self.builder.switch_to_block(end);
            self.end_interpreted();
        }
        if let Some(resume) = &mut self.resume {
            resume.end = Some(end);
        }
    }

    /// As [`end_interpreted`](Self::end_interpreted), where something may not be stored.
    pub(crate) fn leave_to_interpreter(&mut self) {
        self.store_registers();
        self.end_interpreted();
    }
}
