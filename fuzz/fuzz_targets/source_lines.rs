//! Debug information, asked for the source line of an address: the first eight bytes, in the
//! library that follows.

#![no_main]

use veo_debuginfo::SourceLines;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((address, file)) = bytes.split_first_chunk() else {
        return;
    };
    let source = SourceLines::of(file.to_vec(), None);
    let _ = source.extent();
    let _ = source.find(u64::from_le_bytes(*address));
});
