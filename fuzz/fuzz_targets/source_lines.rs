//! Debug information, asked for the source line of an address.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| veo_emu::fuzzing::source_lines(bytes));
