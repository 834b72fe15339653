//! Loads and stores.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlags, Value};
use ve_isa::encoding::{Insn, Op, operand};
use ve_isa::interp::layout;
use ve_isa::memory::Window;
use ve_isa::state::ELEMENTS;

use crate::function::{Function, own};
use crate::operation::{is_load, is_store};
use crate::tested::BEHIND;

/// A load or a store, or one of VL. The result says whether it is one of those that are translated.
pub(crate) fn emit_memory(function: &mut Function<'_>, insn: &Insn) -> bool {
    match insn.op() {
        op if is_load(op) => load(function, insn),
        op if is_store(op) => store(function, insn),
        Op::Svl => {
            let length = function.field(I64, layout::VL);
            function.write(insn.x(), length);
        }
        Op::Lvl => lvl(function, insn),
        _ => return false,
    }
    true
}

fn load(function: &mut Function<'_>, insn: &Insn) {
    let (address, window) = checked_address(function, insn);
    if insn.op() == Op::Ld && function.is_double(insn.x()) {
        let value = function.builder.ins().load(F64, window, address, 0);
        function.write_loaded(insn.x(), value);
        return;
    }
    let ins = function.builder.ins();
    let value = match insn.op() {
        Op::Ld => ins.load(I64, window, address, 0),
        Op::LdlSx => ins.sload32(window, address, 0),
        Op::Ldu | Op::LdlZx => ins.uload32(window, address, 0),
        Op::Ld2bSx => ins.sload16(I64, window, address, 0),
        Op::Ld2bZx => ins.uload16(I64, window, address, 0),
        Op::Ld1bSx => ins.sload8(I64, window, address, 0),
        _ => ins.uload8(I64, window, address, 0),
    };
    let value = match insn.op() {
        Op::Ldu => function.builder.ins().ishl_imm(value, 32),
        Op::Ld => value,
        _ => {
            if insn.op() != Op::LdlZx {
                function.note_extended(value);
            }
            value
        }
    };
    function.write_loaded(insn.x(), value);
}

fn store(function: &mut Function<'_>, insn: &Insn) {
    let (address, window) = checked_address(function, insn);
    let x = match insn.op() {
        Op::St if function.is_double(insn.x()) => function.read_float(insn.x()),
        _ => function.read(insn.x()),
    };
    match insn.op() {
        Op::St => _ = function.builder.ins().store(window, x, address, 0),
        Op::Stu => {
            let upper = function.builder.ins().ushr_imm(x, 32);
            function.builder.ins().istore32(window, upper, address, 0);
        }
        Op::Stl => _ = function.builder.ins().istore32(window, x, address, 0),
        Op::St2b => _ = function.builder.ins().istore16(window, x, address, 0),
        _ => _ = function.builder.ins().istore8(window, x, address, 0),
    }
    function.end_resume();
}

/// The address of an access, which is in the window from here on. A fault of it is that of the place to resume at.
fn checked_address(function: &mut Function<'_>, insn: &Insn) -> (Value, MemFlags) {
    let flags = function.begin_access();
    let sum = function.sum_of(insn);
    let address = function.plus(sum, insn.imm());
    if let Some(lowest) = lowest_to_test(function, insn, sum) {
        test(function, sum, lowest);
    }
    (address, flags)
}

/// The displacement that is to be tested before an access of a sum is in the window. Nothing if earlier tests stand for it.
fn lowest_to_test(function: &Function<'_>, insn: &Insn, sum: Value) -> Option<i64> {
    if insn.y() == operand::ZERO {
        return function.tested.lowest(function.ic);
    }
    let is_known = |first: &i64| (*first..=first.saturating_add(BEHIND)).contains(&insn.imm());
    let known = function.accessed.get(&sum).is_some_and(is_known);
    (!known).then(|| insn.imm())
}

/// Ends the function unless this sum is in the window.
fn test(function: &mut Function<'_>, sum: Value, displacement: i64) {
    function.accessed.insert(sum, displacement);
    let first = function.plus(sum, displacement);
    let limits = Limits::of(function.source.window());
    if let Some(known) = function.constant(first)
        && limits.is_inside(known)
    {
        return;
    }
    let inside = limits.emit(function, first);
    let next = function.builder.create_block();
    function.branch_to_interpreter(inside, next);
    function.switch_to_end(next);
}

/// The addresses from which accesses may follow up to `BEHIND` later, with 16 bytes at most.
struct Limits {
    start: u64,
    length: u64,
    /// How many bits tell an address from the others inside, if the rest is the same for all.
    bits: Option<u32>,
}

impl Limits {
    fn of(window: &Window) -> Self {
        let (range, is_closed_behind) = (window.range(), window.is_closed_behind());
        let (start, length) = (range.start, range.end - range.start);
        // A store across the end may write what is behind it, though its first page is closed: not all hosts look at both pages first.
        let is_even = is_closed_behind && length.is_power_of_two() && start.is_multiple_of(length);
        Self {
            start,
            length: if is_even {
                length
            } else {
                length.saturating_sub(BEHIND as u64 + 15)
            },
            bits: is_even.then(|| length.ilog2()),
        }
    }

    fn is_inside(&self, address: i64) -> bool {
        (address as u64).wrapping_sub(self.start) < self.length
    }

    /// As a value that is not 0 if an address is inside.
    fn emit(&self, function: &mut Function<'_>, address: Value) -> Value {
        let builder = &mut function.builder;
        if let Some(bits) = self.bits {
            let upper = builder.ins().ushr_imm(address, i64::from(bits));
            let wanted = (self.start >> bits) as i64;
            return builder.ins().icmp_imm(IntCC::Equal, upper, wanted);
        }
        let start = self.start as i64;
        let offset = builder.ins().iadd_imm(address, start.wrapping_neg());
        let limit = builder.ins().iconst(I64, self.length as i64);
        let relation = IntCC::UnsignedLessThan;
        builder.ins().icmp(relation, offset, limit)
    }
}

fn lvl(function: &mut Function<'_>, insn: &Insn) {
    let length = function.read(insn.y());
    function.store_registers();
    function.end_resume();
    let most = ELEMENTS as i64;
    if !function
        .constant(length)
        .is_some_and(|it| (0..=most).contains(&it))
    {
        let fits = function
            .builder
            .ins()
            .icmp_imm(IntCC::UnsignedLessThanOrEqual, length, most);
        let next = function.builder.create_block();
        function.branch_to_interpreter(fits, next);
        function.switch_to_end(next);
    }
    let state = function.state();
    function
        .builder
        .ins()
        .store(own(), length, state, layout::VL);
}
