//! The meaning of a word of machine code, and its text.
//!
//! An instruction is one word of 8 bytes, stored little-endian at an address that is a multiple of 8. [`decode`] makes an
//! [`Insn`] of it for an interpreter; [`disassemble`] writes it as LLVM 19 does, and [`assemble`] is the reverse. All three
//! follow one table, [`rows`], made of the file `encodings.txt`. A word that no row describes is an illegal instruction.
//! Bits that an instruction does not use must be 0.
//!
//! This module needs no other module of the crate.
//!
//! ```
//! use ve_isa::encoding::{assemble, decode, disassemble, operand, Op};
//!
//! let word = assemble("adds.w.sx %s0, -1, %s12").unwrap();
//! assert_eq!(word, 0x4a00_7f8c_0000_0000);
//! assert_eq!(disassemble(word).unwrap(), "adds.w.sx %s0, -1, %s12");
//!
//! let insn = decode(word).unwrap();
//! assert_eq!(insn.op(), Op::AddsWSx);
//! assert_eq!((insn.x(), insn.z()), (0, 12));
//! assert_eq!(operand::values()[insn.y()], -1_i64 as u64);
//! assert!(decode(0).is_none());
//! ```

mod assemble;
mod condition;
mod decode;
mod disassemble;
pub mod operand;
mod table;

pub use assemble::{AssembleError, assemble};
pub use condition::{ConditionCode, Rounding};
pub use decode::{Insn, decode};
pub use disassemble::disassemble;
pub(crate) use table::VectorOperands;
pub use table::{Mark, Op, Row, ScalarOperand, VIX, rows};
