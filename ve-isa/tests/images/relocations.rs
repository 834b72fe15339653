//! The word that each dynamic relocation writes.

use crate::library::*;
use crate::{RETURN, call, constant, jump, load, read, try_load};
use ve_isa::image::{ImageFile, Source};
use ve_isa::machine::{Machine, Unresolved};

#[test]
fn libraries_call_each_other_and_read_variables() {
    let mut provider = constant("seven", 7);
    let variable = provider.word(1234);
    provider.word(5678);
    provider.symbol("variable", GLOBAL, OBJECT, variable);
    let mut user = Library::default();
    let seven = user.undefined("seven", GLOBAL);
    let slot = user.slot(JUMP_SLOT, seven, 0);
    jump(&mut user, "call_seven", slot);
    let foreign = user.undefined("variable", GLOBAL);
    let slot = user.slot(GLOB_DAT, foreign, 0);
    read(&mut user, "read_variable", slot);
    let slot = user.slot(REFQUAD, foreign, 8);
    read(&mut user, "read_next", slot);
    // Where loaders write, this one is of 64 bits, too.
    let slot = user.slot(REFLONG, foreign, 8);
    read(&mut user, "read_next_too", slot);
    let own = user.word(99);
    let slot = user.slot(RELATIVE, 0, own);
    read(&mut user, "read_own", slot);
    let nobody = user.undefined("nobody", WEAK);
    let slot = user.slot(GLOB_DAT, nobody, 0);
    let address = user.slot(RELATIVE, 0, slot);
    read(&mut user, "read_nobody", address);
    let absolute = user.symbol_with("absolute", [GLOBAL << 4, 0], 0xfff1, 4321, 0);
    let slot = user.slot(REFQUAD, absolute, 1);
    let address = user.slot(RELATIVE, 0, slot);
    read(&mut user, "read_absolute", address);

    let machine = Machine::new().unwrap();
    // The order of the files does not matter.
    for files in [
        [("libuser.so", &user), ("libprovider.so", &provider)],
        [("libprovider.so", &provider), ("libuser.so", &user)],
    ] {
        let ids = load(&machine, &files);
        let mut thread = machine.thread(1 << 20).unwrap();
        for (name, expected) in [
            ("call_seven", 7),
            ("read_variable", 1234),
            ("read_next", 5678),
            ("read_next_too", 5678),
            ("read_own", 99),
            ("read_nobody", 0),
            ("read_absolute", 4322),
        ] {
            let function = machine.symbol(name).expect(name);
            assert_eq!(call(&mut thread, function), expected, "{name}");
        }
        machine.unload(&ids).unwrap();
    }
}

#[test]
fn code_is_only_read_and_variables_are_written() {
    let mut library = Library::default();
    let word = library.word(5);
    library.zeros = 1 << 20;
    let lines = ["lea %s1, {0}(, %s1)", "st %s0, (, %s1)", RETURN];
    let write = library.code_with(&lines, &[word]);
    library.symbol("write", GLOBAL, FUNCTION, write);
    let last = library.code_with(&lines, &[word + (1 << 20)]);
    library.symbol("write_last", GLOBAL, FUNCTION, last);
    let code = library.code_with(&lines, &[TEXT]);
    library.symbol("write_code", GLOBAL, FUNCTION, code);
    let machine = Machine::new().unwrap();
    load(&machine, &[("lib.so", &library)]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let mut write = |name: &str| thread.call(machine.symbol(name).unwrap(), &[3]);
    assert!(write("write").is_ok());
    assert!(write("write_last").is_ok());
    let trap = write("write_code").unwrap_err();
    assert!(trap.to_string().contains("protected"), "{trap}");
    assert!(machine.report(&trap).contains("write_code+"), "{trap}");
}

#[test]
fn a_copy_has_the_value_that_relocation_gave() {
    let mut provider = Library::default();
    let target = provider.word(0);
    // The variable itself is relocated: what is copied is an address.
    let variable = provider.slot(RELATIVE, 0, target);
    provider.symbol("variable", GLOBAL, OBJECT, variable);
    provider.symbol("target", GLOBAL, OBJECT, target);
    let mut program = Library::default();
    let copy = program.word(0);
    let symbol = program.symbol("variable", GLOBAL, OBJECT, copy);
    program.relocate(copy, COPY, symbol, 0);
    let slot = program.slot(RELATIVE, 0, copy);
    read(&mut program, "read", slot);
    let machine = Machine::new().unwrap();
    load(&machine, &[("program", &program), ("lib.so", &provider)]);
    let mut thread = machine.thread(1 << 20).unwrap();
    let value = call(&mut thread, machine.symbol("read").unwrap());
    assert_eq!(Some(value), machine.symbol("target"));

    let machine = Machine::new().unwrap();
    let error = try_load(&machine, &[("program", &program)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "not defined: variable (needed by program)"
    );
}

#[test]
fn functions_choose_what_is_called() {
    let mut library = Library::default();
    let ten = library.code(&["lea %s0, 10", RETURN]);
    let word = library.slot(RELATIVE, 0, ten);
    let resolver = library.code_with(&["ld %s0, {0}(, %s1)", RETURN], &[word]);
    let slot = library.slot(IRELATIVE, 0, resolver);
    jump(&mut library, "by_relocation", slot);
    let chosen = library.symbol("chosen", GLOBAL, INDIRECT, resolver);
    let slot = library.slot(JUMP_SLOT, chosen, 0);
    jump(&mut library, "by_symbol", slot);
    let mut user = Library::default();
    let chosen = user.undefined("chosen", GLOBAL);
    let slot = user.slot(GLOB_DAT, chosen, 0);
    jump(&mut user, "from_outside", slot);
    let machine = Machine::new().unwrap();
    load(&machine, &[("user.so", &user), ("lib.so", &library)]);
    let mut thread = machine.thread(1 << 20).unwrap();
    assert_eq!(machine.symbol("chosen"), None);
    thread.start().unwrap();
    for name in ["by_relocation", "by_symbol", "from_outside", "chosen"] {
        let function = machine.symbol(name).unwrap();
        assert_eq!(call(&mut thread, function), 10, "{name}");
    }
}

#[test]
fn open_files_load_as_bytes_do_and_large_ones_are_mapped() {
    for padding in [0, 0x400_0000] {
        let mut library = constant("f", 55);
        let word = library.word(77);
        let slot = library.slot(RELATIVE, 0, word);
        read(&mut library, "g", slot);
        library.padding = padding;
        library.zeros = 100_000;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("library.so");
        std::fs::write(&path, library.build()).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        let machine = Machine::new().unwrap();
        let ids = machine
            .load_sources(&[Source::file("library.so", &file)], Unresolved::Error)
            .unwrap();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        assert_eq!(maps.contains(path.to_str().unwrap()), padding > 0);
        let mut thread = machine.thread(1 << 20).unwrap();
        assert_eq!(call(&mut thread, machine.symbol("f").unwrap()), 55);
        assert_eq!(call(&mut thread, machine.symbol("g").unwrap()), 77);
        // The zeros behind the file's part.
        let word = machine
            .window()
            .load::<8>(machine.symbol("f").unwrap() - TEXT + slot + 8);
        assert_eq!(word, Ok(0));
        machine.unload(&ids).unwrap();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        assert!(!maps.contains(path.to_str().unwrap()));
        // The file is as it was.
        assert!(std::fs::read(&path).unwrap() == library.build());
    }
}

#[test]
fn a_mapped_file_that_is_cut_off_later_traps() {
    let mut library = constant("f", 55);
    library.padding = 0x400_0000;
    let far = library.code_with(&["ld %s0, {0}(, %s1)", RETURN], &[TEXT + 0x200_0000]);
    library.symbol("far", GLOBAL, FUNCTION, far);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("library.so");
    std::fs::write(&path, library.build()).unwrap();
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    let machine = Machine::new().unwrap();
    machine
        .load_sources(&[Source::file("library.so", &file)], Unresolved::Error)
        .unwrap();
    let mut thread = machine.thread(1 << 20).unwrap();
    let far = machine.symbol("far").unwrap();
    assert_eq!(call(&mut thread, far), 0);
    file.set_len(0x10_0000).unwrap();
    let trap = thread.call(far, &[]).unwrap_err();
    assert!(trap.to_string().contains("read of"), "{trap}");
    let f = machine.symbol("f").unwrap();
    assert_eq!(call(&mut thread, f), 55);
}

#[test]
fn the_bytes_of_a_name_do_not_matter() {
    let mut library = constant("f", 1);
    library.soname = Some("libf.so.1");
    let bytes = library.build();
    let machine = Machine::new().unwrap();
    for name in ["", "a\nb", "\u{7f}"] {
        let input = ImageFile {
            name,
            bytes: &bytes,
        };
        let ids = machine.load(&[input], Unresolved::Error).unwrap();
        machine.unload(&ids).unwrap();
    }
}
