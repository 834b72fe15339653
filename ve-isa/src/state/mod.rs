//! The registers of one thread of the Vector Engine.
//!
//! It holds values and names no operation.

mod cpu;
pub mod psw;

pub use cpu::{Cpu, ELEMENTS, Mask, Vector};
