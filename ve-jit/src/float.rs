//! Arithmetic of floats, on the host's unit, as the interpreter does it while PSW is plain.
//!
//! The host notes exceptions in its status. So no operation may be left out, or run where the machine code does not run it: each result is stored
//! at once, and functions with such operations are compiled without moving code (`compiler`).

use cranelift_codegen::ir::types::{F32, F64, I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlags, Opcode, Value};
use ve_isa::encoding::{Insn, Op};

use crate::function::Function;
use crate::operation::is_float;

/// Whether it is one of the operations that this module emits, each of which may raise exceptions.
pub(crate) fn is_float_operation(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::Fadd
            | Opcode::Fsub
            | Opcode::Fmul
            | Opcode::Fdiv
            | Opcode::FcvtFromSint
            | Opcode::Fdemote
            | Opcode::Fpromote
    )
}

/// An instruction on floats. The result says whether it is one of those that are translated.
pub(crate) fn emit_float(function: &mut Function<'_>, insn: &Insn) -> bool {
    if !is_float(insn.op()) {
        return false;
    }
    let double = match insn.op() {
        Op::FaddD | Op::FsubD | Op::FmulD | Op::FdivD => {
            let (y, z) = (function.read_float(insn.y()), function.read_float(insn.z()));
            let ins = function.builder.ins();
            match insn.op() {
                Op::FaddD => ins.fadd(y, z),
                Op::FsubD => ins.fsub(y, z),
                Op::FmulD => ins.fmul(y, z),
                _ => ins.fdiv(y, z),
            }
        }
        Op::CvtDL => {
            let y = function.read(insn.y());
            function.builder.ins().fcvt_from_sint(F64, y)
        }
        Op::CvtDW => {
            let y = function.read(insn.y());
            let y = function.low(y);
            function.builder.ins().fcvt_from_sint(F64, y)
        }
        Op::CvtDS => {
            let y = read_single(function, insn.y());
            function.builder.ins().fpromote(F64, y)
        }
        _ => {
            let single = single(function, insn);
            let bits = function.builder.ins().bitcast(I32, MemFlags::new(), single);
            let bits = function.builder.ins().uextend(I64, bits);
            let value = function.builder.ins().ishl_imm(bits, 32);
            function.write_now(insn.x(), value);
            return true;
        }
    };
    function.note_quiet(double);
    function.write_float(insn.x(), double);
    true
}

/// A result that is an `f32`.
fn single(function: &mut Function<'_>, insn: &Insn) -> Value {
    match insn.op() {
        Op::CvtSW => {
            let y = function.read(insn.y());
            let y = function.low(y);
            function.builder.ins().fcvt_from_sint(F32, y)
        }
        Op::CvtSD => {
            let y = function.read_float(insn.y());
            function.builder.ins().fdemote(F32, y)
        }
        op => {
            let (y, z) = (
                read_single(function, insn.y()),
                read_single(function, insn.z()),
            );
            let ins = function.builder.ins();
            match op {
                Op::FaddS => ins.fadd(y, z),
                Op::FsubS => ins.fsub(y, z),
                Op::FmulS => ins.fmul(y, z),
                _ => ins.fdiv(y, z),
            }
        }
    }
}

/// The `f32` in the upper half of a scalar operand.
fn read_single(function: &mut Function<'_>, index: usize) -> Value {
    let value = function.read(index);
    let upper = function.builder.ins().ushr_imm(value, 32);
    let upper = function.low(upper);
    function.builder.ins().bitcast(F32, MemFlags::new(), upper)
}
