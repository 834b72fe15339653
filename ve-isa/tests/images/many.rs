//! Many libraries with many symbols.

use crate::library::*;
use crate::{call, jump, load};
use ve_isa::machine::Machine;

fn cpu_seconds() -> f64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the structure is valid for writing.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Library number `number`: 100 functions, and one that calls a function of the library before.
fn library(number: u64) -> Library {
    let mut library = Library::default();
    for index in 0..98 {
        let value = number * 100 + index;
        let function = library.code(&[&format!("lea %s0, {value}"), crate::RETURN]);
        library.symbol(&format!("f{number}_{index}"), GLOBAL, FUNCTION, function);
    }
    let before = library.undefined(&format!("f{}_97", number.saturating_sub(1)), GLOBAL);
    let slot = library.slot(JUMP_SLOT, before, 0);
    jump(&mut library, &format!("before{number}"), slot);
    library
}

/// Loads so many libraries one by one, and returns the seconds that takes.
fn seconds(count: u64) -> f64 {
    let libraries: Vec<_> = (0..count).map(library).collect();
    let machine = Machine::new().unwrap();
    let start = cpu_seconds();
    for (number, library) in libraries.iter().enumerate() {
        load(&machine, &[(&format!("{number}.so"), library)]);
    }
    let taken = cpu_seconds() - start;
    let mut thread = machine.thread(1 << 20).unwrap();
    let last = machine.symbol(&format!("before{}", count - 1)).unwrap();
    assert_eq!(call(&mut thread, last), (count - 2) * 100 + 97);
    taken
}

#[test]
fn a_library_does_not_take_longer_after_a_thousand_others() {
    let few = seconds(100);
    let many = seconds(1000);
    eprintln!("100 libraries: {few:.3} s, 1000: {many:.3} s");
    assert!(many < 40.0 * few, "100 libraries: {few} s, 1000: {many} s");
}
