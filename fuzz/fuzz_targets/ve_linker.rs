//! An object that is linked to a library for the VE.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| veo_build::fuzzing::link(bytes));
