//! Loads and stores.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlags, Value};
use ve_isa::encoding::{Insn, Op, operand};
use ve_isa::interp::layout;
use ve_isa::state::ELEMENTS;

use crate::function::{Function, own};
use crate::live::bit;
use crate::operation::{is_load, is_store, writes};

/// How far behind an accessed byte memory is surely in the window: its last page, of 4 KiB, is never mapped.
const BEHIND: i64 = 4096 - 16;

/// The lowest displacement, from this access on, of those from the same register that one test can stand for.
fn lowest(access: &Insn, ahead: &[(u64, Insn)]) -> i64 {
    let (here, mut lowest) = (access.imm(), access.imm());
    if access.y() != operand::ZERO {
        return here;
    }
    // All registers with the same number.
    let mut same = bit(access.z());
    for (_, insn) in ahead {
        let (op, is_same) = (
            insn.op(),
            insn.y() == operand::ZERO && bit(insn.z()) & same != 0,
        );
        if is_same && (is_load(op) || is_store(op)) && insn.imm() >= here.saturating_sub(BEHIND) {
            lowest = lowest.min(insn.imm());
        }
        if is_same && op == Op::Or {
            same |= bit(insn.x());
        } else if writes(op) {
            same &= !bit(insn.x());
        } else if !is_store(op) {
            break;
        }
    }
    lowest
}

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
    let (y, z) = (function.read(insn.y()), function.read(insn.z()));
    let flags = function.begin_access();
    let sum = function.sum(y, z);
    let address = function.address(insn);
    let displacement = insn.imm();
    if let Some(accessed) = function.accessed.get(&sum)
        && (*accessed..=accessed.saturating_add(BEHIND)).contains(&displacement)
    {
        return (address, flags);
    }
    // Others that follow may lie before it: where the first of all is tested, they are in the window, too.
    let lowest = lowest(insn, function.ahead);
    let first = function.plus(sum, lowest);
    let inside = is_inside(function, first);
    let (next, outside) = (function.builder.create_block(), function.cold_block());
    function.builder.ins().brif(inside, next, &[], outside, &[]);
    function.switch_to_end(outside);
    function.end_interpreted();
    function.switch_to_end(next);
    function.accessed.insert(sum, lowest);
    (address, flags)
}

fn is_inside(function: &mut Function<'_>, address: Value) -> Value {
    let window = function.source.window();
    let (range, is_closed_behind) = (window.range(), window.is_closed_behind());
    let length = range.end - range.start;
    // A store across the end may write what is behind it, though its first page is closed: not all hosts look at both pages first.
    if is_closed_behind && length.is_power_of_two() && range.start.is_multiple_of(length) {
        let bits = i64::from(length.ilog2());
        let upper = function.builder.ins().ushr_imm(address, bits);
        let wanted = (range.start >> bits) as i64;
        return function.builder.ins().icmp_imm(IntCC::Equal, upper, wanted);
    }
    let offset = function
        .builder
        .ins()
        .iadd_imm(address, (range.start as i64).wrapping_neg());
    // Accesses that follow may lie up to `BEHIND` later, with 16 bytes at most.
    let limit = length.saturating_sub(BEHIND as u64 + 15) as i64;
    let limit = function.builder.ins().iconst(I64, limit);
    function
        .builder
        .ins()
        .icmp(IntCC::UnsignedLessThan, offset, limit)
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
        let (next, trap) = (function.builder.create_block(), function.cold_block());
        function.builder.ins().brif(fits, next, &[], trap, &[]);
        function.switch_to_end(trap);
        function.end_interpreted();
        function.switch_to_end(next);
    }
    let state = function.state();
    function
        .builder
        .ins()
        .store(own(), length, state, layout::VL);
}
