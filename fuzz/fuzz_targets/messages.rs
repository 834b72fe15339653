//! The messages of the handshake and of the opening of contexts.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| veo_emu::fuzzing::messages(bytes));
