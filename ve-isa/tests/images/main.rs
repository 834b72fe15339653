//! Shared objects: loaded, relocated, started, unloaded.

#![cfg(target_os = "linux")]
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

mod damaged;
mod library;
mod many;
mod names;
mod objects;
mod relocations;
mod starting;
mod thread_local;
mod unloading;

use library::Library;
use ve_isa::image::{ImageError, ImageFile, ImageId};
use ve_isa::machine::{Machine, MachineThread, Unresolved};
use veo_test_support as _;

/// Loads files that need each other.
fn try_load(machine: &Machine, files: &[(&str, &Library)]) -> Result<Vec<ImageId>, ImageError> {
    let files: Vec<_> = files
        .iter()
        .map(|(name, library)| (*name, library.build()))
        .collect();
    let inputs: Vec<_> = files
        .iter()
        .map(|(name, bytes)| ImageFile { name, bytes })
        .collect();
    machine.load(&inputs, Unresolved::Error)
}

fn load(machine: &Machine, files: &[(&str, &Library)]) -> Vec<ImageId> {
    try_load(machine, files).unwrap_or_else(|error| panic!("{error}"))
}

fn call(thread: &mut MachineThread<'_>, function: u64) -> u64 {
    thread
        .call(function, &[])
        .unwrap_or_else(|trap| panic!("{trap}"))
}

const RETURN: &str = "b.l.t (, %s10)";

/// A library with a function that returns a number.
fn constant(name: &str, number: u64) -> Library {
    let mut library = Library::default();
    let function = library.code(&[&format!("lea %s0, {number}"), RETURN]);
    library.symbol(name, library::GLOBAL, library::FUNCTION, function);
    library
}

/// Adds a function that jumps to where a slot says.
fn jump(library: &mut Library, name: &str, slot: u64) {
    let function = library.code_with(&["ld %s12, {0}(, %s1)", "b.l.t (, %s12)"], &[slot]);
    library.symbol(name, library::GLOBAL, library::FUNCTION, function);
}

/// Adds a function that reads the word whose address is in a slot.
fn read(library: &mut Library, name: &str, slot: u64) {
    let lines = ["ld %s1, {0}(, %s1)", "ld %s0, (, %s1)", RETURN];
    let function = library.code_with(&lines, &[slot]);
    library.symbol(name, library::GLOBAL, library::FUNCTION, function);
}
