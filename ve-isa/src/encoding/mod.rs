//! What a word of machine code means, and how it is written.
//!
//! An instruction is one word of 8 bytes. This module needs no other module of the crate.
