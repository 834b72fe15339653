//! A function of the host that stands for a region: registers, exits, calls.
//!
//! A register that is written is kept as a value and stored before anybody can see the state: before each access to memory, each call and
//! at the end of each block ([`Function::store_registers`]).

use std::collections::{BTreeMap, HashMap, HashSet};

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::immediates::Imm64;
use cranelift_codegen::ir::types::{F64, I8, I32, I64};
use cranelift_codegen::ir::{
    self, AbiParam, InstBuilder, MemFlags, SigRef, Signature, SourceLoc, StackSlot, StackSlotData,
    StackSlotKind, Type, Value,
};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::{FunctionBuilder, Variable};
use ve_isa::encoding::{Insn, operand};
use ve_isa::interp::{InstructionSource, exit, layout};

use crate::live::Live;
use crate::region::Region;

/// How a register that was compared came to be: both operands, and whether they are compared as unsigned numbers.
#[derive(Clone, Copy)]
pub(crate) struct Compared {
    pub(crate) y: Value,
    pub(crate) z: Value,
    pub(crate) unsigned: bool,
    /// Whether the low half alone says which is larger.
    pub(crate) low_half: bool,
}

/// A function that is being made.
pub(crate) struct Function<'a> {
    pub(crate) builder: FunctionBuilder<'a>,
    pub(crate) source: &'a mut dyn InstructionSource,
    /// The address of the thread's state. What is called gives it back, so that it is in no register that a function saves.
    state: Variable,
    /// Where it keeps how many calls of the host wait for a return of machine code.
    depth: StackSlot,
    /// Where the function ends, for the reason that it gets.
    exit: ir::Block,
    /// What each block may find in registers.
    live: Live,
    registers: Vec<Variable>,
    /// A byte that is not 0 once a signed result did not fit.
    overflow: Variable,
    /// Registers whose values are not stored yet, by number.
    unstored: u64,
    overflow_unstored: bool,
    blocks: BTreeMap<u64, ir::Block>,
    /// Values that are 32 bits, extended by the sign.
    extended: HashSet<Value>,
    constants: HashMap<Value, i64>,
    pub(crate) compared: HashMap<Value, Compared>,
    /// Sums of two values that this block has computed.
    pub(crate) sums: HashMap<(Value, Value), Value>,
    /// Values whose address plus these bytes was accessed in this block.
    pub(crate) accessed: HashMap<Value, i64>,
    floats: HashMap<usize, (Value, Value)>,
    interpret: SigRef,
    code: SigRef,
    /// Whether exits go straight to other code of the host.
    chains: bool,
    /// The address of the instruction.
    pub(crate) ic: u64,
    /// What follows it in its block.
    pub(crate) ahead: &'a [(u64, Insn)],
}

/// How deep calls of machine code are calls of the host, each of which takes some of its stack. Deeper ones are jumps.
const DEEPEST: i64 = 256;

/// Memory of the thread's state.
pub(crate) fn own() -> MemFlags {
    MemFlags::trusted()
}

/// The signature of code of the host.
pub(crate) fn signature() -> Signature {
    let mut signature = Signature::new(CallConv::Tail);
    // The state, and how many calls of the host there are that wait for a return.
    signature.params.extend([AbiParam::new(I64); 2]);
    // Why it has ended, and the state: to the interpreter the first alone is of use.
    signature.returns.extend([AbiParam::new(I64); 2]);
    signature
}

impl<'a> Function<'a> {
    /// Begins the function of a region. It is in no block yet.
    pub(crate) fn begin(
        mut builder: FunctionBuilder<'a>,
        source: &'a mut dyn InstructionSource,
        region: &Region,
        call_conv: CallConv,
        chains: bool,
    ) -> Self {
        let mut interpret = Signature::new(call_conv);
        interpret.params.extend([AbiParam::new(I64); 2]);
        interpret.returns.push(AbiParam::new(I64));
        let interpret = builder.import_signature(interpret);
        let code = builder.import_signature(signature());
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        builder.seal_block(entry);
        let &[state_value, depth_value] = builder.block_params(entry) else {
            unreachable!("the signature has two parameters");
        };
        let state = builder.declare_var(I64);
        builder.def_var(state, state_value);
        let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, 8, 3);
        let depth = builder.create_sized_stack_slot(slot);
        builder.ins().stack_store(depth_value, depth, 0);
        let exit = builder.create_block();
        builder.append_block_param(exit, I64);
        builder.set_cold_block(exit);
        let registers: Vec<Variable> = (0..operand::REGISTERS)
            .map(|_| builder.declare_var(I64))
            .collect();
        let overflow = builder.declare_var(I8);
        let live = Live::of(region);
        let blocks: BTreeMap<u64, ir::Block> = region
            .blocks
            .keys()
            .map(|start| (*start, builder.create_block()))
            .collect();
        let mut function = Self {
            builder,
            source,
            state,
            depth,
            exit,
            live,
            registers,
            overflow,
            unstored: 0,
            overflow_unstored: false,
            blocks,
            extended: HashSet::new(),
            constants: HashMap::new(),
            compared: HashMap::new(),
            sums: HashMap::new(),
            accessed: HashMap::new(),
            floats: HashMap::new(),
            interpret,
            code,
            chains,
            ic: region.entry,
            ahead: &[],
        };
        function.load_registers(region.entry);
        let first = function.blocks[&region.entry];
        function.builder.ins().jump(first, &[]);
        function
    }

    /// Takes from the state what a block and those behind it may read.
    fn load_registers(&mut self, block: u64) {
        let mut wanted = self.live.before(block);
        while wanted != 0 {
            self.load_register(wanted.trailing_zeros() as usize);
            wanted &= wanted - 1;
        }
        if self.live.overflow {
            let overflow = self.field(I8, layout::OVERFLOW);
            self.builder.def_var(self.overflow, overflow);
        }
    }

    fn load_register(&mut self, number: usize) {
        let value = self.field(I64, layout::SCALARS + 8 * number as i32);
        self.builder.def_var(self.registers[number], value);
    }

    /// Goes on with a block of the region.
    pub(crate) fn enter_block(&mut self, start: u64) {
        let block = self.blocks[&start];
        self.builder.switch_to_block(block);
        if !self.live.is_loop(start) {
            // All that leads here has been emitted, as blocks come in order.
            self.builder.seal_block(block);
        }
        self.sums.clear();
        self.accessed.clear();
        self.floats.clear();
    }

    /// Goes on with an instruction, which has this number in the function, and which these follow.
    pub(crate) fn enter_instruction(&mut self, ic: u64, number: u32, ahead: &'a [(u64, Insn)]) {
        self.ic = ic;
        self.ahead = ahead;
        self.builder.set_srcloc(SourceLoc::new(number));
    }

    pub(crate) fn finish(mut self) {
        self.builder.switch_to_block(self.exit);
        let why = self.builder.block_params(self.exit)[0];
        self.return_for(why);
        self.builder.seal_all_blocks();
        self.builder.finalize();
    }

    /// A number.
    pub(crate) fn number(&mut self, value: i64) -> Value {
        let constant = self.builder.ins().iconst(I64, Imm64::new(value));
        self.constants.insert(constant, value);
        if i64::from(value as i32) == value {
            self.extended.insert(constant);
        }
        constant
    }

    /// What is known of a value.
    pub(crate) fn constant(&self, value: Value) -> Option<i64> {
        self.constants.get(&value).copied()
    }

    /// A scalar operand.
    pub(crate) fn read(&mut self, index: usize) -> Value {
        if index >= operand::REGISTERS {
            return self.number(operand::values()[index] as i64);
        }
        self.builder.use_var(self.registers[index])
    }

    /// A scalar operand as an `f64`.
    pub(crate) fn read_float(&mut self, index: usize) -> Value {
        let value = self.read(index);
        if let Some((bits, float)) = self.floats.get(&index)
            && *bits == value
        {
            return *float;
        }
        let float = self.builder.ins().bitcast(F64, MemFlags::new(), value);
        if index < operand::REGISTERS {
            self.floats.insert(index, (value, float));
        }
        float
    }

    /// Writes a register; it is stored later.
    pub(crate) fn write(&mut self, register: usize, value: Value) {
        self.builder.def_var(self.registers[register], value);
        self.unstored |= 1 << register;
    }

    /// Writes a register and stores it at once, so that what computes it is not left out.
    pub(crate) fn write_now(&mut self, register: usize, value: Value) {
        self.builder.def_var(self.registers[register], value);
        self.unstored &= !(1 << register);
        self.store_register(register, value);
    }

    /// Writes an `f64` to a register and stores it at once.
    pub(crate) fn write_float(&mut self, register: usize, float: Value) {
        let bits = self.builder.ins().bitcast(I64, MemFlags::new(), float);
        self.builder.def_var(self.registers[register], bits);
        self.floats.insert(register, (bits, float));
        self.unstored &= !(1 << register);
        self.store_register(register, float);
    }

    fn store_register(&mut self, register: usize, value: Value) {
        let offset = layout::SCALARS + 8 * register as i32;
        let state = self.state();
        self.builder.ins().store(own(), value, state, offset);
    }

    /// Notes that a signed result did not fit, if this byte is not 0.
    pub(crate) fn note_overflow(&mut self, overflows: Value) {
        let before = self.builder.use_var(self.overflow);
        let now = self.builder.ins().bor(before, overflows);
        self.builder.def_var(self.overflow, now);
        self.overflow_unstored = true;
    }

    /// Notes that a signed result did not fit, if two values differ.
    pub(crate) fn note_overflow_unless_same(&mut self, one: Value, other: Value) {
        let differ = self.builder.ins().icmp(IntCC::NotEqual, one, other);
        self.note_overflow(differ);
    }

    /// Stores what has not been stored.
    pub(crate) fn store_registers(&mut self) {
        while self.unstored != 0 {
            let register = self.unstored.trailing_zeros() as usize;
            self.unstored &= self.unstored - 1;
            let value = self.builder.use_var(self.registers[register]);
            self.store_register(register, value);
        }
        if std::mem::take(&mut self.overflow_unstored) {
            let value = self.builder.use_var(self.overflow);
            let state = self.state();
            self.builder
                .ins()
                .store(own(), value, state, layout::OVERFLOW);
        }
    }

    /// The low half.
    pub(crate) fn low(&mut self, value: Value) -> Value {
        if let Some(constant) = self.constant(value) {
            let low = Imm64::new(i64::from(constant as u32));
            return self.builder.ins().iconst(I32, low);
        }
        self.builder.ins().ireduce(I32, value)
    }

    /// The low half, extended by its sign.
    pub(crate) fn signed(&mut self, value: Value) -> Value {
        if self.extended.contains(&value) {
            return value;
        }
        let low = self.low(value);
        self.extend(low)
    }

    /// 32 bits, extended by their sign.
    pub(crate) fn extend(&mut self, low: Value) -> Value {
        let value = self.builder.ins().sextend(I64, low);
        self.note_extended(value);
        value
    }

    /// 32 bits, extended by zeros.
    pub(crate) fn extend_zeros(&mut self, low: Value) -> Value {
        self.builder.ins().uextend(I64, low)
    }

    /// Notes that a value is 32 bits, extended by their sign.
    pub(crate) fn note_extended(&mut self, value: Value) {
        self.extended.insert(value);
    }

    /// Loads a field of the state.
    pub(crate) fn field(&mut self, kind: Type, offset: i32) -> Value {
        let state = self.state();
        self.builder.ins().load(kind, own(), state, offset)
    }

    /// The address of the thread's state.
    pub(crate) fn state(&mut self) -> Value {
        self.builder.use_var(self.state)
    }

    /// Lets the interpreter execute the instruction, and goes on behind it.
    pub(crate) fn interpret(&mut self, insn: &Insn) {
        let Some(slot) = self.source.interpreted(self.ic, insn) else {
            self.leave_to_interpreter();
            let behind = self.cold_block();
            self.switch_to_end(behind);
            return;
        };
        self.store_registers();
        let function = self.builder.ins().iconst(I64, layout::interpret() as i64);
        let slot = self.builder.ins().iconst(I64, slot as i64);
        let state = self.state();
        let call = self
            .builder
            .ins()
            .call_indirect(self.interpret, function, &[state, slot]);
        let goes_on = self.builder.inst_results(call)[0];
        // It gives back the state, or nothing, and then nobody takes it.
        self.builder.def_var(self.state, goes_on);
        let (next, left) = (self.builder.create_block(), self.cold_block());
        self.builder.ins().brif(goes_on, next, &[], left, &[]);
        self.switch_to_end(left);
        self.end(exit::LEFT);
        self.switch_to_end(next);
        // What it may have written. Nothing is accessed as before: another thread may have changed what is mapped.
        for register in [insn.x(), insn.x() | 1] {
            if register < operand::REGISTERS && self.live.read >> register & 1 != 0 {
                self.load_register(register);
            }
        }
        self.accessed.clear();
    }

    /// A block that is rarely entered, from one place.
    pub(crate) fn cold_block(&mut self) -> ir::Block {
        let block = self.builder.create_block();
        self.builder.set_cold_block(block);
        block
    }

    /// Goes on with a block that has one predecessor.
    pub(crate) fn switch_to_end(&mut self, block: ir::Block) {
        self.builder.switch_to_block(block);
        self.builder.seal_block(block);
    }

    fn end(&mut self, why: u64) {
        let why = self.builder.ins().iconst(I64, why as i64);
        self.end_for(why);
    }

    /// Ends for a reason that is computed.
    fn end_for(&mut self, why: Value) {
        self.builder.ins().jump(self.exit, &[why.into()]);
    }

    /// Ends here, not in the one place where a function usually does.
    fn return_for(&mut self, why: Value) {
        let state = self.state();
        self.builder.ins().return_(&[why, state]);
    }

    /// Ends a block behind which the next instruction is, in this region or not.
    pub(crate) fn end_block(&mut self) {
        self.store_registers();
        let next = self.ic + 8;
        // Not backwards.
        self.go_to(next);
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

    /// Ends: the interpreter executes the instruction. All is stored.
    pub(crate) fn end_interpreted(&mut self) {
        self.end(self.ic | exit::INTERPRET);
    }

    /// As [`end_interpreted`](Self::end_interpreted), where something may not be stored.
    pub(crate) fn leave_to_interpreter(&mut self) {
        self.store_registers();
        self.end_interpreted();
    }

    /// A number that is not 0 if the thread is to stop. Another thread writes it: a plain load would be left out behind an earlier one.
    fn is_asked(&mut self) -> Value {
        let stop = self.field(I64, layout::STOP);
        self.builder.ins().atomic_load(I32, own(), stop)
    }

    /// Ends if the thread is to stop: it then goes on at this address.
    fn look_at_stop(&mut self, target: u64) {
        let asked = self.is_asked();
        let (stop, next) = (self.cold_block(), self.builder.create_block());
        self.builder.ins().brif(asked, stop, &[], next, &[]);
        self.switch_to_end(stop);
        self.end(target | exit::GO_ON);
        self.switch_to_end(next);
    }

    /// Goes on at a fixed address. All is stored.
    pub(crate) fn go_to(&mut self, target: u64) {
        if target <= self.ic {
            self.look_at_stop(target);
        }
        if !self.chains {
            self.end(target | exit::GO_ON);
            return;
        }
        if let Some(block) = self.blocks.get(&target) {
            self.builder.ins().jump(*block, &[]);
            return;
        }
        let table = self.field(I64, layout::JUMP_TABLE);
        let place = (target / 8 % layout::JUMP_PLACES) as i32 * layout::JUMP_SIZE;
        let known = self
            .builder
            .ins()
            .load(I64, own(), table, place + layout::JUMP_ADDRESS);
        let wanted = self.builder.ins().iconst(I64, target as i64);
        let hit = self.builder.ins().icmp(IntCC::Equal, known, wanted);
        let (jump, end) = (self.builder.create_block(), self.cold_block());
        self.builder.ins().brif(hit, jump, &[], end, &[]);
        self.switch_to_end(end);
        self.end(target | exit::GO_ON);
        self.switch_to_end(jump);
        let code = self
            .builder
            .ins()
            .load(I64, own(), table, place + layout::JUMP_CODE);
        self.jump_to_code(code);
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
    pub(crate) fn jump_to(&mut self, target: Value) {
        let code = self.code_at(target);
        if let Some(code) = code {
            self.jump_to_code(code);
        }
    }

    /// Calls the machine code at a computed address, and goes on with the next instruction. All is stored.
    pub(crate) fn call(&mut self, target: Value) {
        let Some(code) = self.code_at(target) else {
            return;
        };
        let (call, jump) = (self.builder.create_block(), self.cold_block());
        let depth = self.depth();
        let is_flat = self
            .builder
            .ins()
            .icmp_imm(IntCC::UnsignedLessThan, depth, DEEPEST);
        self.builder.ins().brif(is_flat, call, &[], jump, &[]);
        self.switch_to_end(jump);
        self.jump_to_code(code);
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
        // Nonsense if it has not come to its end. The reason says so, and whoever gets that takes nothing else.
        self.builder.def_var(self.state, state);
        let back = self.ic + 8;
        let wanted = self.builder.ins().iconst(I64, (back | exit::GO_ON) as i64);
        let is_back = self.builder.ins().icmp(IntCC::Equal, why, wanted);
        let (next, end) = (self.builder.create_block(), self.cold_block());
        self.builder.ins().brif(is_back, next, &[], end, &[]);
        // Machine code has left in another way, or somebody else is to go on.
        self.switch_to_end(end);
        self.end_for(why);
        self.switch_to_end(next);
        // A return has not looked, and what comes here may be gone.
        self.look_at_stop(back);
        self.load_registers(back);
        self.go_to(back);
    }

    /// Returns to an address of machine code: to the function of the host that waits for it, if there is one. All is stored.
    pub(crate) fn return_to(&mut self, target: Value) {
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

    /// The code of the host for a computed address. Where there is none, the function ends; nothing, if it always does.
    fn code_at(&mut self, target: Value) -> Option<Value> {
        let mut code = None;
        let miss = self.cold_block();
        if self.chains {
            let table = self.field(I64, layout::JUMP_TABLE);
            const MASK: i64 = (layout::JUMP_PLACES as i64 - 1) * 8;
            let place = self.builder.ins().band_imm(target, MASK);
            let scale = i64::from(layout::JUMP_SIZE / 8).ilog2();
            let place = self.builder.ins().ishl_imm(place, i64::from(scale));
            let entry = self.builder.ins().iadd(table, place);
            let known = self
                .builder
                .ins()
                .load(I64, own(), entry, layout::JUMP_ADDRESS);
            let hit = self.builder.ins().icmp(IntCC::Equal, known, target);
            let (look, jump) = (self.builder.create_block(), self.builder.create_block());
            self.builder.ins().brif(hit, look, &[], miss, &[]);
            self.switch_to_end(look);
            let asked = self.is_asked();
            self.builder.ins().brif(asked, miss, &[], jump, &[]);
            self.end_jump(miss, target);
            self.switch_to_end(jump);
            code = Some(
                self.builder
                    .ins()
                    .load(I64, own(), entry, layout::JUMP_CODE),
            );
        } else {
            self.builder.ins().jump(miss, &[]);
            self.end_jump(miss, target);
        }
        code
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
}
