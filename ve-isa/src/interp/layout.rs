//! Where code of the host finds the state of its thread: distances in bytes from the address that it gets.
//!
//! The types are `repr(C)`, so these are facts of a build, for the translator that is part of it, and no interface between programs.

use std::mem::offset_of;

use super::entry;
use super::jumps::{JUMPS, Jump, Translated};
use super::run::Run;

const fn at(offset: usize) -> i32 {
    offset as i32
}

/// All scalar operands, 8 bytes each, as [`operand`](crate::encoding::operand) numbers them. Those that are no registers are never
/// written.
pub const SCALARS: i32 = at(offset_of!(Run, cpu.s));

/// IC. It is read where a reason of [`exit`](super::exit) says so.
pub const IC: i32 = at(offset_of!(Run, cpu.ic));

/// VL, 0 to 256.
pub const VL: i32 = at(offset_of!(Run, cpu.vl));

/// The address of a word of 4 bytes that is not 0 when the thread is to stop.
pub const STOP: i32 = at(offset_of!(Run, translated) + offset_of!(Translated, stop));

/// Where a computed jump goes, for [`exit::JUMP`](super::exit::JUMP).
pub const TARGET: i32 = at(offset_of!(Run, translated) + offset_of!(Translated, target));

/// A byte that is not 0 once a signed integer result did not fit. Code that is entered keeps it.
pub const OVERFLOW: i32 = at(offset_of!(Run, translated) + offset_of!(Translated, overflow));

/// The address of the table of code of the host, an array of [`JUMP_PLACES`] entries.
///
/// The code for an address, if there is some, is in entry `address / 8 % JUMP_PLACES`, which has this address then.
pub const JUMP_TABLE: i32 = at(offset_of!(Run, translated) + offset_of!(Translated, jumps));

/// How many entries the table has, a power of 2.
pub const JUMP_PLACES: u64 = JUMPS as u64;

/// Bytes of an entry.
pub const JUMP_SIZE: i32 = at(size_of::<Jump>());

/// Where in an entry the address is.
pub const JUMP_ADDRESS: i32 = at(offset_of!(Jump, address));

/// Where in an entry the address of the code is.
pub const JUMP_CODE: i32 = at(offset_of!(Jump, code));

/// The address of a function of the host's C ABI: it takes the address of the thread's state and what
/// [`interpreted`](super::InstructionSource::interpreted) gave for an instruction, and executes it. It returns the address of the state; if it
/// returns 0 the code ends with [`exit::LEFT`](super::exit::LEFT).
#[must_use]
pub fn interpret() -> u64 {
    entry::interpret as *const () as u64
}

const _: () = assert!(JUMP_PLACES.is_power_of_two());
