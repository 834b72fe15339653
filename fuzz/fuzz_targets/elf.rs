//! The headers of a library or a veorun, read before anything is asked to load it.

#![no_main]

use std::io::Cursor;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = veo_debuginfo::elf::Headers::read(&mut Cursor::new(bytes));
});
