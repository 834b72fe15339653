//! The memory that a context shares with its VE process, and the record of a fault.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| veo_emu::fuzzing::ring(bytes));
