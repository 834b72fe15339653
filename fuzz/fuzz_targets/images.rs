//! Objects and libraries for the Vector Engine: checked, placed, relocated, unloaded.

#![no_main]

use ve_isa::image::ImageFile;
use ve_isa::machine::{Machine, Unresolved};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(machine) = Machine::new() else { return };
    let name = "fuzzed";
    if let Ok(images) = machine.load(&[ImageFile { name, bytes }], Unresolved::Lazy) {
        let _ = machine.thread(1 << 16);
        machine.unload(&images).expect("nobody uses it");
    }
});
