//! gdb's remote protocol for machine code of NEC's Vector Engine.
//!
//! A [`Debugger`] listens at a Unix socket and holds the threads of a [`Machine`](ve_isa::machine::Machine) for a client that connects, as gdb
//! does with `target remote PATH`. Registers, memory, single steps, breakpoints, watchpoints for writes, threads, faults. One client at a time;
//! all threads stop and go on together.
//!
//! - `registers`: which registers a client sees, and their numbers.
//! - `threads`: the threads, held and let go; knows nothing of the protocol.
//! - `observed`: what a thread asks before each instruction.
//! - `socket`: the file that clients find.
//! - `target`, `session`: the protocol, by the crate `gdbstub`.
//! - `debugger`: all of it together.
//!
//! This crate is empty where `ve-isa` runs no machine code.
#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]

mod debugger;
mod observed;
mod registers;
mod session;
mod socket;
mod target;
mod threads;

pub use debugger::{DebuggedThread, Debugger, DebuggerHost, ProgramEnd};
