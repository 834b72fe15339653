//! Debug information, asked for the prototypes of a library's functions, and the file
//! that a build writes them to.

#![no_main]

use veo_abi::prototype::Prototypes;
use veo_debuginfo::prototypes::read;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Prototypes::from_text(text);
    }
    let Ok(found) = read(bytes, None) else {
        return;
    };
    for (_, prototype) in found.iter() {
        assert!(prototype.to_string().len() < 1 << 20);
        let declaration = prototype.rust_declaration().unwrap_or_default();
        assert!(declaration.len() < 1 << 20);
    }
    let text = found.to_text();
    let again = Prototypes::from_text(&text).expect("what was written can be read");
    assert_eq!(again.to_text(), text);
});
