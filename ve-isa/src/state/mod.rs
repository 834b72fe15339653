//! The registers of one thread of the Vector Engine.
//!
//! It holds values and names no operation.

pub mod psw;
