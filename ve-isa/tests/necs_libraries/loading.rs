//! Their libraries load: mapped, not read. Those for VE3 do not.

use std::fs;

use ve_isa::machine::Machine;
use ve_isa::trap::TrapKind;

use crate::{Caller, libraries, load, theirs};

/// Bytes that this thread has read of files.
fn bytes_read() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/io").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("rchar: "));
    line.unwrap().parse().unwrap()
}

#[test]
#[ignore = "needs NEC's libraries"]
fn each_library_loads_and_is_mapped() {
    for path in libraries() {
        let machine = Machine::new().unwrap();
        let size = fs::metadata(&path).unwrap().len();
        let before = bytes_read();
        load(&machine, std::slice::from_ref(&path)).unwrap();
        let read = bytes_read() - before;
        println!("{}: {read} of {size} bytes read", path.display());
        // The symbols, relocations and written segments are what is read.
        assert!(
            read < size / 10 + (4 << 20),
            "{}: {read} bytes read",
            path.display()
        );
        let started = Caller::new(&machine).thread.start();
        // VEDA's constructors use the C++ library, and say so.
        match started {
            Ok(()) => assert!(!path.ends_with("libveda.vso"), "{}", path.display()),
            Err(trap) => {
                assert!(path.ends_with("libveda.vso"), "{}: {trap}", path.display());
                let missing = "__curr_eh_stack_entry".to_owned();
                assert_eq!(trap.kind, TrapKind::MissingSymbol { name: missing });
            }
        }
    }
}

#[test]
#[ignore = "needs NEC's libraries"]
fn programs_and_libraries_for_newer_machines_are_refused() {
    for file in theirs() {
        let part = match (file.newer, file.program) {
            (true, _) => "VE3",
            (false, true) => "neither a relocatable nor a shared object",
            (false, false) => continue,
        };
        let error = load(&Machine::new().unwrap(), &[file.path]).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}
