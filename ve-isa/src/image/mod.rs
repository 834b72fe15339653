//! Relocatable and shared objects for the Vector Engine: checked, placed in memory, relocated.
//!
//! It uses `memory` and knows nothing of instructions.
