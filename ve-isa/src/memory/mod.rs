//! The range of addresses that machine code may use, and access to it.
//!
//! Every access of machine code is tested against this range; nothing here knows instructions.
