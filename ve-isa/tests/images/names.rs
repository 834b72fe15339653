//! Which definition of a name counts, and what is said of names that have none.

use crate::library::*;
use crate::{call, constant, jump, load, try_load};
use ve_isa::image::ImageFile;
use ve_isa::machine::{Machine, Unresolved};
use ve_isa::trap::TrapKind;

/// A library that defines `f` and has a function that calls it by its name.
fn definer(number: u64, caller: &str, visibility: u8) -> Library {
    let mut library = Library::default();
    let function = library.code(&[&format!("lea %s0, {number}"), crate::RETURN]);
    let info = [GLOBAL << 4 | FUNCTION, visibility];
    let f = library.symbol_with("f", info, 1, function, 16);
    let slot = library.slot(JUMP_SLOT, f, 0);
    jump(&mut library, caller, slot);
    library
}

#[test]
fn the_first_of_several_shared_objects_counts() {
    let first = definer(1, "first", 0);
    let second = definer(2, "second", 0);
    let mut symbolic = definer(3, "symbolic", 0);
    symbolic.symbolic = true;
    let protected = definer(4, "protected", 3);
    let machine = Machine::new().unwrap();
    let files = [
        ("1.so", &first),
        ("2.so", &second),
        ("3.so", &symbolic),
        ("4.so", &protected),
    ];
    let ids = load(&machine, &files);
    let mut thread = machine.thread(1 << 20).unwrap();
    for (name, expected) in [
        ("first", 1),
        ("second", 1),
        ("symbolic", 3),
        ("protected", 4),
    ] {
        let function = machine.symbol(name).unwrap();
        assert_eq!(call(&mut thread, function), expected, "{name}");
    }
    let f = machine.symbol("f").unwrap();
    assert_eq!(call(&mut thread, f), 1);
    let f = machine.symbol_in(ids[1], "f").unwrap();
    assert_eq!(call(&mut thread, f), 2);
}

#[test]
fn code_of_the_vector_engine_comes_before_the_host() {
    let own = constant("strlen", 42);
    let mut user = Library::default();
    let strlen = user.undefined("strlen", GLOBAL);
    let slot = user.slot(JUMP_SLOT, strlen, 0);
    jump(&mut user, "length", slot);
    let machine = Machine::new().unwrap();
    load(&machine, &[("user.so", &user), ("own.so", &own)]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let length = machine.symbol("length").unwrap();
    assert_eq!(call(&mut thread, length), 42);
}

#[test]
fn all_names_without_definition_are_in_one_error_or_trap_when_called() {
    let mut user = Library::default();
    for name in ["one", "two"] {
        let symbol = user.undefined(name, GLOBAL);
        let slot = user.slot(JUMP_SLOT, symbol, 0);
        user.slot(GLOB_DAT, symbol, 0);
        jump(&mut user, &format!("call_{name}"), slot);
    }
    let machine = Machine::new().unwrap();
    let error = try_load(&machine, &[("user.so", &user)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "not defined: one (needed by user.so), two (needed by user.so)"
    );
    assert_eq!(machine.symbol("call_one"), None);
    let bytes = user.build();
    let input = ImageFile {
        name: "user.so",
        bytes: &bytes,
    };
    machine.load(&[input], Unresolved::Lazy).unwrap();
    let mut thread = machine.thread(1 << 20).unwrap();
    let two = machine.symbol("call_two").unwrap();
    let name = "two".to_owned();
    let trap = thread.call(two, &[]).unwrap_err();
    assert_eq!(trap.kind, TrapKind::MissingSymbol { name });
}

#[test]
fn needed_libraries_are_loaded_or_of_the_system() {
    let mut user = constant("f", 1);
    user.needed = vec![
        "libc.so.6",
        "libncc.so.2",
        "libc++.so.1-2",
        "libother.so.3",
        "third.so",
    ];
    let machine = Machine::new().unwrap();
    let error = try_load(&machine, &[("dir/user.so", &user)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "needed libraries are not loaded: libother.so.3 (needed by dir/user.so), \
         third.so (needed by dir/user.so); load them first or together"
    );
    assert_eq!(machine.symbol("f"), None);
    // By its own name, or by that of its file.
    let mut other = constant("g", 2);
    other.soname = Some("libother.so.3");
    let third = constant("h", 3);
    load(
        &machine,
        &[
            ("user.so", &user),
            ("other", &other),
            ("/a/third.so", &third),
        ],
    );
    let bytes = user.build();
    let input = ImageFile {
        name: "user.so",
        bytes: &bytes,
    };
    Machine::new()
        .unwrap()
        .load(&[input], Unresolved::Lazy)
        .unwrap();
}
