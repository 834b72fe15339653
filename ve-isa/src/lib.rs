//! The instruction set of NEC's Vector Engine, VE1 and VE2.
//!
//! This crate knows machine code and nothing of VEO: what a word means, what an operation does, how an image is loaded and run.
//!
//! - [`encoding`]: what a word of machine code means, and how it is written.
//! - [`state`]: the registers of one thread.
//! - [`memory`]: the range of addresses that machine code may use.
//! - [`semantics`]: what each operation computes.
//! - [`image`]: relocatable and shared objects for the Vector Engine.
//! - [`defect`]: what a check of memory finds wrong with a program.
//! - [`trap`]: why machine code does not go on.
//! - [`check`]: the check of memory.
//! - [`interp`]: the interpreter.
//! - [`statistics`]: what was executed, counted.
//! - [`thread`]: stack, calls from outside, the ways to functions of the host.
//! - [`machine`]: all of it together, where users begin.
//! - [`recent`]: keeps what threads have executed last.
//! - [`watch`]: tells and counts what runs.
//!
//! Machine code runs on Linux, on x86-64 and AArch64; elsewhere it can be decoded.

#[cfg(emulated)]
pub mod check;
pub mod defect;
pub mod encoding;
#[cfg(emulated)]
mod host;
#[cfg(emulated)]
pub mod image;
#[cfg(emulated)]
pub mod interp;
#[cfg(emulated)]
pub mod machine;
#[cfg(emulated)]
pub mod memory;
#[cfg(emulated)]
mod process;
#[cfg(emulated)]
pub mod recent;
pub mod semantics;
pub mod state;
#[cfg(emulated)]
pub mod statistics;
#[cfg(emulated)]
pub mod thread;
#[cfg(emulated)]
pub mod trap;
#[cfg(emulated)]
pub mod watch;
