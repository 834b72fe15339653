//! The results of operations: one function for each operation.
//!
//! No decoding and no dispatch: values come in, a value comes out. It uses `state` for the processor status word only.
//!
//! A function has the name that the assembler gives its operation, with `_` for each dot: [`integer::adds_w_sx`] is `adds.w.sx`. Its
//! parameters are named after the fields of the instruction word: `x` is what the destination had before, `y` and `z` are the
//! operands. All are whole registers of 64 bits; an `f32` is in the upper half. Those of vectors are in [`vector`].
//!
//! `docs/book/src/ve-semantics.md` says what is known of the machine, and what is done where nobody knows.

pub mod address;
pub mod atomic;
pub mod bits;
pub mod compare;
pub mod control;
pub mod convert;
pub mod float;
pub mod integer;
pub mod quad;
pub mod vector;

pub use integer::IntegerOutcome;

/// The low half of a register.
#[inline(always)]
const fn w(value: u64) -> u32 {
    value as u32
}

/// 32 bits, extended by zeros.
#[inline(always)]
const fn zx(value: u32) -> u64 {
    value as u64
}

/// 32 bits, extended by their sign.
#[inline(always)]
const fn sx(value: u32) -> u64 {
    value as i32 as i64 as u64
}
