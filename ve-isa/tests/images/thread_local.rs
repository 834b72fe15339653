//! Thread-local variables of shared objects.

use crate::library::*;
use crate::{RETURN, call, load, try_load};
use ve_isa::image::ImageFile;
use ve_isa::machine::{Machine, Unresolved};

/// A library with two thread-local words, the first 5 and the second 0, and functions that return their addresses.
fn library(alignment: u64) -> Library {
    let mut library = Library::default();
    let start = library.word(5);
    library.tls = Some((start, 8, 4096, alignment));
    let first = library.symbol("first", GLOBAL, THREAD_LOCAL, 0);
    let get = library.undefined("__tls_get_addr", GLOBAL);
    let get = library.slot(JUMP_SLOT, get, 0);
    let pair = library.slot(DTPMOD64, first, 0);
    library.slot(DTPOFF64, first, 0);
    let lines = [
        "lea %s0, {0}(, %s1)",
        "ld %s12, {1}(, %s1)",
        "b.l.t (, %s12)",
    ];
    let function = library.code_with(&lines, &[pair, get]);
    library.symbol("address_of_first", GLOBAL, FUNCTION, function);
    // As linkers do for variables of their own: no symbol, the offset in place.
    let pair = library.slot(DTPMOD64, 0, 0);
    library.word(8);
    let function = library.code_with(&lines, &[pair, get]);
    library.symbol("address_of_second", GLOBAL, FUNCTION, function);
    for (name, symbol, addend) in [("first_by_tp", first, 0), ("second_by_tp", 0, 8)] {
        let slot = library.slot(TPOFF64, symbol, addend);
        let lines = ["ld %s0, {0}(, %s1)", "adds.l %s0, %s0, %s14", RETURN];
        let function = library.code_with(&lines, &[slot]);
        library.symbol(name, GLOBAL, FUNCTION, function);
    }
    library
}

#[test]
fn each_thread_has_its_own_and_both_ways_lead_there() {
    let machine = Machine::new().unwrap();
    // Something before, so that offsets are not 0.
    load(
        &machine,
        &[("before.so", &{
            let mut before = Library::default();
            let word = before.word(1);
            before.tls = Some((word, 8, 24, 8));
            before
        })],
    );
    let mut early = machine.thread(1 << 20).unwrap();
    load(&machine, &[("lib.so", &library(64))]);
    let mut late = machine.thread(1 << 20).unwrap();
    let window = machine.window();
    let mut addresses = Vec::new();
    for thread in [&mut early, &mut late] {
        let mut at = |name: &str| call(thread, machine.symbol(name).unwrap());
        let first = at("address_of_first");
        assert_eq!(at("first_by_tp"), first);
        assert_eq!(at("address_of_second"), first + 8);
        assert_eq!(at("second_by_tp"), first + 8);
        assert_eq!(first % 64, 0);
        assert_eq!(window.load::<8>(first), Ok(5));
        assert_eq!(window.load::<8>(first + 8), Ok(0));
        window.store::<8>(first, 6).unwrap();
        addresses.push(first);
    }
    assert_ne!(addresses[0], addresses[1]);
    assert_eq!(window.load::<8>(addresses[0]), Ok(6));
}

#[test]
fn a_library_that_is_loaded_again_has_first_values_again() {
    let machine = Machine::new().unwrap();
    let mut thread = machine.thread(1 << 20).unwrap();
    let library = library(16);
    let mut before = None;
    // More of them than there is room for at once.
    for _ in 0..100 {
        let ids = load(&machine, &[("lib.so", &library)]);
        let first = call(&mut thread, machine.symbol("address_of_first").unwrap());
        assert_eq!(machine.window().load::<8>(first), Ok(5));
        assert_eq!(machine.window().load::<8>(first + 4088), Ok(0));
        machine.window().store::<8>(first, 77).unwrap();
        machine.window().store::<8>(first + 4088, 77).unwrap();
        assert_eq!(*before.get_or_insert(first), first);
        machine.unload(&ids).unwrap();
    }
}

#[test]
fn a_variable_that_is_nowhere_is_named_or_traps_when_it_is_asked_for() {
    let mut library = Library::default();
    let nowhere = library.symbol_with("nowhere", [GLOBAL << 4 | THREAD_LOCAL, 0], 0, 0, 0);
    let get = library.undefined("__tls_get_addr", GLOBAL);
    let get = library.slot(JUMP_SLOT, get, 0);
    let pair = library.slot(DTPMOD64, nowhere, 0);
    library.slot(DTPOFF64, nowhere, 0);
    library.slot(TPOFF64, nowhere, 0);
    let lines = [
        "lea %s0, {0}(, %s1)",
        "ld %s12, {1}(, %s1)",
        "b.l.t (, %s12)",
    ];
    let function = library.code_with(&lines, &[pair, get]);
    library.symbol("address", GLOBAL, FUNCTION, function);
    let machine = Machine::new().unwrap();
    let error = try_load(&machine, &[("lib.so", &library)]).unwrap_err();
    assert_eq!(error.to_string(), "not defined: nowhere (needed by lib.so)");
    let bytes = library.build();
    let input = ImageFile {
        name: "lib.so",
        bytes: &bytes,
    };
    machine.load(&[input], Unresolved::Lazy).unwrap();
    let mut thread = machine.thread(1 << 20).unwrap();
    let trap = thread
        .call(machine.symbol("address").unwrap(), &[])
        .unwrap_err();
    let text = trap.to_string();
    let expected = "nowhere was asked for, which no image defines";
    assert!(text.starts_with(expected), "{text}");
}
