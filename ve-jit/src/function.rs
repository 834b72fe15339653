//! A function of the host that stands for a region: registers, and how it ends.
//!
//! A register that is written is kept as a value and stored before anybody can see the state: before accesses to memory, each call and
//! each end of the function ([`Function::store_registers`]). Several accesses share one store: a fault of a later one leads back to the first. `live` says which ones a block may find unstored.

use std::collections::{BTreeMap, HashMap, HashSet};

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::immediates::Imm64;
use cranelift_codegen::ir::types::{F64, I8, I32, I64};
use cranelift_codegen::ir::{
    self, AbiParam, InstBuilder, MemFlags, SigRef, Signature, SourceLoc, StackSlot, StackSlotData,
    StackSlotKind, TrapCode, Type, Value,
};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::{FunctionBuilder, Variable};
use ve_isa::encoding::{Insn, operand};
use ve_isa::interp::{InstructionSource, exit, layout};

use crate::doubles::doubles;
use crate::live::{Live, OVERFLOW, StateSet, bit};
use crate::region::Region;
use crate::tested::Tested;

/// How a register that was compared came to be: both operands, and whether they are compared as unsigned numbers.
#[derive(Clone, Copy)]
pub(crate) struct Compared {
    pub(crate) y: Value,
    pub(crate) z: Value,
    pub(crate) unsigned: bool,
    /// Whether the low half alone says which is larger.
    pub(crate) low_half: bool,
}

/// Where a fault leads the interpreter.
#[derive(Clone, Copy)]
pub(crate) struct Resume {
    pub(crate) ic: u64,
    /// The code that names the place in code of the host. If there is none, the instruction itself names it.
    code: Option<TrapCode>,
    /// Where the function ends so that the interpreter goes on there, if something may lead to that.
    pub(crate) end: Option<ir::Block>,
}

/// How many places have a code. The host's compiler has few more.
const CODES: usize = 200;

/// A function that is being made.
pub(crate) struct Function<'a> {
    pub(crate) builder: FunctionBuilder<'a>,
    pub(crate) source: &'a mut dyn InstructionSource,
    /// The address of the thread's state. A called function gives it back, so that it is in no register that a function saves.
    pub(crate) state: Variable,
    /// Where it keeps how many calls of the host wait for a return of machine code.
    pub(crate) depth: StackSlot,
    /// Where the function ends, for the reason that it gets.
    pub(crate) exit: ir::Block,
    /// The values that each block may find in registers.
    live: Live,
    registers: Vec<Variable>,
    /// Those of them that are `f64`.
    doubles: StateSet,
    /// Values that are no signaling NaNs.
    quiet: HashSet<Value>,
    /// A byte that is not 0 once a signed result did not fit.
    overflow: Variable,
    /// The registers that are not stored yet.
    pub(crate) unstored: StateSet,
    pub(crate) blocks: BTreeMap<u64, ir::Block>,
    /// Values that are 32 bits, extended by the sign.
    extended: HashSet<Value>,
    /// The low halves that values were made of.
    lows: HashMap<Value, Value>,
    constants: HashMap<Value, i64>,
    pub(crate) compared: HashMap<Value, Compared>,
    /// Sums of two values that this block has computed.
    pub(crate) sums: HashMap<(Value, Value), Value>,
    /// The accesses that are tested because of what other blocks have tested, too.
    pub(crate) tested: Tested,
    /// Values that were in the window in this block when these bytes were added.
    pub(crate) accessed: HashMap<Value, i64>,
    floats: HashMap<usize, (Value, Value)>,
    interpret: SigRef,
    pub(crate) code: SigRef,
    /// Whether exits go straight to other code of the host.
    pub(crate) chains: bool,
    /// Before which instruction all registers were as they are stored, if nothing has changed since but values: a fault leads the
    /// interpreter there.
    pub(crate) resume: Option<Resume>,
    /// The addresses of instructions that faults lead to, by their codes.
    resumes: Vec<u64>,
    /// The address of the instruction.
    pub(crate) ic: u64,
    /// The instructions that follow it in its block.
    pub(crate) ahead: &'a [(u64, Insn)],
}

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
        let doubles = doubles(region);
        let registers: Vec<Variable> = (0..operand::REGISTERS)
            .map(|number| {
                let is_double = doubles >> number & 1 != 0;
                builder.declare_var(if is_double { F64 } else { I64 })
            })
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
            doubles,
            quiet: HashSet::new(),
            overflow,
            unstored: 0,
            blocks,
            extended: HashSet::new(),
            lows: HashMap::new(),
            constants: HashMap::new(),
            compared: HashMap::new(),
            sums: HashMap::new(),
            tested: Tested::of(region),
            accessed: HashMap::new(),
            floats: HashMap::new(),
            interpret,
            code,
            chains,
            resume: None,
            resumes: Vec::new(),
            ic: region.entry,
            ahead: &[],
        };
        function.load_registers(region.entry);
        let first = function.blocks[&region.entry];
        function.builder.ins().jump(first, &[]);
        function
    }

    /// Takes from the state what a block and those behind it may read.
    pub(crate) fn load_registers(&mut self, block: u64) {
        let wanted = self.live.before(block);
        let mut registers = wanted & !OVERFLOW;
        while registers != 0 {
            self.load_register(registers.trailing_zeros() as usize);
            registers &= registers - 1;
        }
        if wanted & OVERFLOW != 0 {
            let overflow = self.field(I8, layout::OVERFLOW);
            self.builder.def_var(self.overflow, overflow);
        }
    }

    fn load_register(&mut self, number: usize) {
        let kind = if self.is_double(number) { F64 } else { I64 };
        let value = self.field(kind, layout::SCALARS + 8 * number as i32);
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
        self.unstored = self.live.unstored(start);
        self.resume = None;
        if !self.live.is_continued(start) {
            self.sums.clear();
            self.accessed.clear();
            self.floats.clear();
        }
    }

    /// Goes on with an instruction, which has this number in the function, and which these follow.
    pub(crate) fn enter_instruction(&mut self, ic: u64, number: u32, ahead: &'a [(u64, Insn)]) {
        self.ic = ic;
        self.ahead = ahead;
        self.builder.set_srcloc(SourceLoc::new(number));
    }

    /// Ends the function. The result are the addresses that faults lead to, by their codes from 1 on.
    pub(crate) fn finish(mut self) -> Vec<u64> {
        self.builder.switch_to_block(self.exit);
        let why = self.builder.block_params(self.exit)[0];
        self.return_for(why);
        self.builder.seal_all_blocks();
        self.builder.finalize();
        self.resumes
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

    /// The number that a value is, if it is known.
    pub(crate) fn constant(&self, value: Value) -> Option<i64> {
        self.constants.get(&value).copied()
    }

    /// Whether an operand is a register that is kept as an `f64`.
    pub(crate) fn is_double(&self, index: usize) -> bool {
        self.doubles & bit(index) != 0
    }

    /// A scalar operand.
    pub(crate) fn read(&mut self, index: usize) -> Value {
        if index >= operand::REGISTERS {
            return self.number(operand::values()[index] as i64);
        }
        let value = self.builder.use_var(self.registers[index]);
        if self.is_double(index) {
            return self.builder.ins().bitcast(I64, MemFlags::new(), value);
        }
        match self.constant(value) {
            // Made anew, it takes no register of the host from there to here.
            Some(constant) => self.number(constant),
            None => value,
        }
    }

    /// A scalar operand as an `f64`.
    pub(crate) fn read_float(&mut self, index: usize) -> Value {
        if self.is_double(index) {
            return self.builder.use_var(self.registers[index]);
        }
        let value = self.read(index);
        if let Some((bits, float)) = self.floats.get(&index)
            && *bits == value
        {
            return *float;
        }
        let float = self.float_of(value);
        if index < operand::REGISTERS {
            self.floats.insert(index, (value, float));
        }
        float
    }

    /// The `f64` of these bits.
    fn float_of(&mut self, bits: Value) -> Value {
        let float = self.builder.ins().bitcast(F64, MemFlags::new(), bits);
        if self
            .constant(bits)
            .is_some_and(|bits| !f64::from_bits(bits as u64).is_nan())
        {
            self.quiet.insert(float);
        }
        float
    }

    /// Notes that a value is the result of arithmetic, which is never a signaling NaN.
    pub(crate) fn note_quiet(&mut self, float: Value) {
        self.quiet.insert(float);
    }

    /// Whether a value is known to be no signaling NaN.
    pub(crate) fn is_quiet(&self, float: Value) -> bool {
        self.quiet.contains(&float)
    }

    /// Writes a register; it is stored later.
    pub(crate) fn write(&mut self, register: usize, value: Value) {
        let value = if self.is_double(register) {
            self.float_of(value)
        } else {
            value
        };
        self.builder.def_var(self.registers[register], value);
        self.unstored |= bit(register);
    }

    /// Writes an `f64` to a register that is kept as one; it is stored later.
    pub(crate) fn copy_double(&mut self, register: usize, float: Value) {
        self.builder.def_var(self.registers[register], float);
        self.unstored |= bit(register);
    }

    /// Writes a register and stores it at once, so that what computes it is not left out.
    pub(crate) fn write_now(&mut self, register: usize, value: Value) {
        self.write(register, value);
        self.unstored &= !bit(register);
        self.store_register(register, value);
    }

    /// Writes an `f64` to a register and stores it at once.
    pub(crate) fn write_float(&mut self, register: usize, float: Value) {
        if self.is_double(register) {
            self.builder.def_var(self.registers[register], float);
        } else {
            let bits = self.builder.ins().bitcast(I64, MemFlags::new(), float);
            self.builder.def_var(self.registers[register], bits);
            self.floats.insert(register, (bits, float));
        }
        self.unstored &= !bit(register);
        self.store_register(register, float);
    }

    fn store_register(&mut self, register: usize, value: Value) {
        self.resume = None;
        let offset = layout::SCALARS + 8 * register as i32;
        let state = self.state();
        self.builder.ins().store(own(), value, state, offset);
    }

    /// Notes that a signed result did not fit, if this byte is not 0.
    pub(crate) fn note_overflow(&mut self, overflows: Value) {
        let before = self.builder.use_var(self.overflow);
        let now = self.builder.ins().bor(before, overflows);
        self.builder.def_var(self.overflow, now);
        self.unstored |= OVERFLOW;
    }

    /// Notes that a signed result did not fit, if two values differ.
    pub(crate) fn note_overflow_unless_same(&mut self, one: Value, other: Value) {
        let differ = self.builder.ins().icmp(IntCC::NotEqual, one, other);
        self.note_overflow(differ);
    }

    /// Stores what has not been stored.
    pub(crate) fn store_registers(&mut self) {
        self.store_of(StateSet::MAX);
    }

    /// The registers to store before control goes to a block: those that it neither expects to be unstored nor overwrites unseen.
    fn wanted_stored(&self, block: u64) -> StateSet {
        self.live.seen(block) & !self.live.unstored(block)
    }

    /// Stores what has to be stored before control goes to a block of the region.
    pub(crate) fn store_before(&mut self, block: u64) {
        self.store_of(self.wanted_stored(block));
    }

    /// Stores what has to be stored whichever way control goes.
    pub(crate) fn store_before_both(&mut self, one: u64, other: u64) {
        self.store_of(self.wanted_stored(one) & self.wanted_stored(other));
    }

    /// Whether control may go to a block of the region with nothing else to be stored.
    pub(crate) fn is_stored_before(&self, block: u64) -> bool {
        self.unstored & self.wanted_stored(block) == 0
    }

    /// Stores what has not been stored of these.
    fn store_of(&mut self, which: StateSet) {
        let mut registers = self.unstored & which & !OVERFLOW;
        while registers != 0 {
            let register = registers.trailing_zeros() as usize;
            registers &= registers - 1;
            let value = self.builder.use_var(self.registers[register]);
            self.store_register(register, value);
        }
        if self.unstored & which & OVERFLOW != 0 {
            self.resume = None;
            let value = self.builder.use_var(self.overflow);
            let state = self.state();
            self.builder
                .ins()
                .store(own(), value, state, layout::OVERFLOW);
        }
        self.unstored &= !which;
    }

    /// The low half.
    pub(crate) fn low(&mut self, value: Value) -> Value {
        if let Some(constant) = self.constant(value) {
            let low = Imm64::new(i64::from(constant as u32));
            return self.builder.ins().iconst(I32, low);
        }
        if let Some(low) = self.lows.get(&value) {
            return *low;
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
        self.lows.insert(value, low);
        value
    }

    /// 32 bits, extended by zeros.
    pub(crate) fn extend_zeros(&mut self, low: Value) -> Value {
        let value = self.builder.ins().uextend(I64, low);
        self.lows.insert(value, low);
        value
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
        // The registers that it may have written. No access is as before: another thread may have changed what is mapped.
        for register in [insn.x(), insn.x() | 1] {
            if register < operand::REGISTERS && self.live.needed >> register & 1 != 0 {
                self.load_register(register);
            }
        }
        self.accessed.clear();
        self.resume = None;
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

    /// Ends here, not in the one place where a function usually does.
    pub(crate) fn return_for(&mut self, why: Value) {
        let state = self.state();
        self.builder.ins().return_(&[why, state]);
    }

    /// Stores what has to be stored before an access, which has these flags then.
    ///
    /// The host's compiler may move a load to where its value is used, so the code of the place, not the instruction, tells where a fault leads.
    /// Where there are no more codes, and in a row, whose instructions are compared one by one, each access is a place of its own.
    pub(crate) fn begin_access(&mut self) -> MemFlags {
        if self.resume.is_none_or(|resume| resume.code.is_none()) {
            self.store_registers();
            let has_code = self.chains && self.resumes.len() < CODES;
            let code = has_code.then(|| {
                self.resumes.push(self.ic);
                TrapCode::unwrap_user(self.resumes.len() as u8)
            });
            self.resume = Some(Resume {
                ic: self.ic,
                code,
                end: None,
            });
        }
        match self.resume.and_then(|resume| resume.code) {
            Some(code) => MemFlags::new().with_trap_code(Some(code)),
            None => MemFlags::new(),
        }
    }

    /// Writes what was loaded. Where a fault is told by the instruction, the value is stored at once, so that the load stays in its place.
    pub(crate) fn write_loaded(&mut self, register: usize, value: Value) {
        let is_named = self.resume.is_some_and(|resume| resume.code.is_some());
        let is_float = self.builder.func.dfg.value_type(value) == F64;
        match (is_named, is_float) {
            (true, true) => self.copy_double(register, value),
            (true, false) => self.write(register, value),
            (false, true) => self.write_float(register, value),
            (false, false) => self.write_now(register, value),
        }
    }

    /// The instructions that follow cannot be executed again together with those before.
    pub(crate) fn end_resume(&mut self) {
        self.resume = None;
    }
}
