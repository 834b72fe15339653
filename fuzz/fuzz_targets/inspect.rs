//! The control page of a VE process, with a ring of it, as other processes look at them.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| veo_emu::fuzzing::inspect(bytes));
