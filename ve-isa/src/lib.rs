//! The instruction set of NEC's Vector Engine, VE1 and VE2.
//!
//! This crate knows machine code and nothing of VEO: what a word means, what an operation does, how an image is loaded and run.
//!
//! - [`encoding`]: what a word of machine code means, and how it is written.
//! - [`state`]: the registers of one thread.
//! - [`memory`]: the range of addresses that machine code may use.
//! - [`semantics`]: what each operation computes.
//! - [`image`]: relocatable and shared objects for the Vector Engine.

pub mod encoding;
pub mod image;
pub mod memory;
pub mod semantics;
pub mod state;
