//! Constructors and destructors: which, and in which order.

use crate::library::*;
use crate::{RETURN, load};
use ve_isa::machine::{Machine, MachineThread};

/// A library that has a word, to which others append digits.
fn log() -> Library {
    let mut library = Library::default();
    let word = library.word(0);
    library.symbol("log", GLOBAL, OBJECT, word);
    library
}

/// Adds a function that appends a digit.
fn append(library: &mut Library, slot: u64, digit: u64) -> u64 {
    let add = format!("adds.l %s0, {digit}, %s0");
    let lines = [
        "ld %s1, {0}(, %s1)",
        "ld %s0, (, %s1)",
        "muls.l %s0, 10, %s0",
        add.as_str(),
        "st %s0, (, %s1)",
        RETURN,
    ];
    library.code_with(&lines, &[slot])
}

/// A library whose INIT appends the first digit, its array the next two, and so on at the end.
fn user(digits: u64) -> Library {
    let mut library = Library::default();
    let log = library.undefined("log", GLOBAL);
    let slot = library.slot(GLOB_DAT, log, 0);
    let mut functions = (0..6).map(|index| append(&mut library, slot, digits + index / 3));
    let functions: Vec<u64> = functions.by_ref().collect();
    library.init = Some(functions[0]);
    library.fini = Some(functions[3]);
    library.arrays(&functions[1..3], &functions[4..6]);
    library
}

fn logged(machine: &Machine) -> u64 {
    machine
        .window()
        .load::<8>(machine.symbol("log").unwrap())
        .unwrap()
}

#[test]
fn init_comes_before_its_array_and_fini_after_its_own_backwards() {
    let mut library = Library::default();
    let log_symbol = library.undefined("log", GLOBAL);
    let slot = library.slot(GLOB_DAT, log_symbol, 0);
    let functions: Vec<u64> = (1..7)
        .map(|digit| append(&mut library, slot, digit))
        .collect();
    library.init = Some(functions[0]);
    library.fini = Some(functions[3]);
    library.arrays(&functions[1..3], &functions[4..6]);
    let machine = Machine::new().unwrap();
    load(&machine, &[("log.so", &log()), ("lib.so", &library)]);
    let mut thread = machine.thread(1 << 20).unwrap();
    thread.start().unwrap();
    assert_eq!(logged(&machine), 123);
    // Once only.
    thread.start().unwrap();
    assert_eq!(logged(&machine), 123);
    for destructor in machine.destructors() {
        thread.call(destructor, &[]).unwrap();
    }
    assert_eq!(logged(&machine), 123_654);
}

#[test]
fn a_needed_library_starts_first_and_ends_last() {
    let machine = Machine::new().unwrap();
    let (mut first, mut second, mut third) = (user(1), user(3), user(5));
    first.needed = vec!["second.so"];
    // A circle: in it, the order of the files counts.
    second.needed = vec!["third.so"];
    third.needed = vec!["second.so"];
    let ids = load(
        &machine,
        &[
            ("log.so", &log()),
            ("first.so", &first),
            ("second.so", &second),
            ("third.so", &third),
        ],
    );
    let mut thread = machine.thread(1 << 20).unwrap();
    thread.start().unwrap();
    assert_eq!(logged(&machine), 555_333_111);
    let log = machine.symbol("log").unwrap();
    machine.window().store::<8>(log, 0).unwrap();
    MachineThread::unload(&mut thread, &ids[1..]).unwrap();
    assert_eq!(machine.window().load::<8>(log), Ok(222_444_666));
}

#[test]
fn a_constructor_that_traps_is_told_and_the_others_can_go_on() {
    let mut bad = Library::default();
    let function = bad.code(&["monc.hdb"]);
    bad.arrays(&[function], &[]);
    let machine = Machine::new().unwrap();
    load(&machine, &[("log.so", &log()), ("bad.so", &bad)]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let trap = thread.start().unwrap_err();
    assert!(trap.to_string().starts_with("breakpoint"), "{trap}");
    load(&machine, &[("good.so", &user(1))]);
    thread.start().unwrap();
    assert_eq!(logged(&machine), 111);
}
