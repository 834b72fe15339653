//! The headers of a library or a veorun, read before anything is asked to load it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| veo_emu::fuzzing::elf(bytes));
