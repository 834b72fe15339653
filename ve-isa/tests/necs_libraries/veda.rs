//! The functions for device code of VEDA: filling and copying memory, its pointers, names of errors.

use std::fs;
use std::path::Path;

use ve_isa::machine::Machine;
use ve_isa::trap::TrapKind;
use veo_test_support::ve;

use crate::{Caller, load, named};

/// Calls something on the library of each version, together with a little of what it needs of others.
fn on_each(check: impl Fn(&mut Caller<'_>, &Path)) {
    let directory = tempfile::tempdir().unwrap();
    let support = directory.path().join("support.o");
    let source = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/necs_libraries/support.c"
    );
    ve::compile(source, &support, &["-O2", "-fpic"]);
    for path in named("veda/libve/libveda.vso") {
        let machine = Machine::new().unwrap();
        load(&machine, &[support.clone(), path.clone()]).unwrap();
        let mut caller = Caller::new(&machine);
        // The last constructor wants more of the C++ library.
        let trap = caller.thread.start().unwrap_err();
        let missing = "_ZNSt3__16chrono12system_clock3nowEv".to_owned();
        assert_eq!(trap.kind, TrapKind::MissingSymbol { name: missing });
        check(&mut caller, &path);
    }
}

#[test]
#[ignore = "needs NEC's libraries"]
fn memory_is_filled_and_copied() {
    on_each(|caller, _| {
        let value = 0x8899_aabb_ccdd_eeff_u64;
        for count in [0_usize, 1, 2, 3, 7, 8, 63, 255, 256, 257, 1000, 5000] {
            caller.clear();
            let before = vec![0x5a; 16 * count + 64];
            let place = caller.bytes(&before);
            for (name, words, size) in [
                ("vedaMemsetD8", vec![value & 0xff], 1),
                ("vedaMemsetD16", vec![value & 0xffff], 2),
                ("vedaMemsetD32", vec![value & 0xffff_ffff], 4),
                ("vedaMemsetD64", vec![value], 8),
                ("vedaMemsetD128", vec![value, !value], 16),
            ] {
                for offset in [0, 16] {
                    caller.machine.window().write(place, &before).unwrap();
                    let arguments = [vec![place + offset], words.clone(), vec![count as u64]];
                    assert_eq!(caller.call(name, &arguments.concat()), 0, "{name}");
                    let mut expected = before.clone();
                    let bytes = words.iter().flat_map(|word| word.to_le_bytes());
                    let pattern: Vec<u8> = bytes
                        .take(size.max(8 * (words.len() - 1) + size.min(8)))
                        .collect();
                    for element in 0..count {
                        let at = offset as usize + element * size;
                        expected[at..at + size].copy_from_slice(&pattern[..size]);
                    }
                    let found = caller.read(place, before.len());
                    assert!(found == expected, "{name}, {count} elements at {offset}");
                }
            }
            let source: Vec<u8> = (0..count).map(|index| (index * 31 % 251) as u8).collect();
            let from = caller.bytes(&source);
            caller.machine.window().write(place, &before).unwrap();
            assert_eq!(caller.call("vedaMemcpy", &[place, from, count as u64]), 0);
            let found = caller.read(place, count + 8);
            assert_eq!(&found[..count], source);
            assert_eq!(found[count..], [0x5a; 8]);
        }
    });
}

#[test]
#[ignore = "needs NEC's libraries"]
fn rows_are_filled_and_what_is_between_them_is_not() {
    on_each(|caller, _| {
        let (pitch, width, height) = (192_usize, 5_usize, 9_usize);
        let before = vec![0x5a; pitch * height];
        let place = caller.bytes(&before);
        for (name, value, size) in [
            ("vedaMemsetD2D8", 0x77_u64, 1),
            ("vedaMemsetD2D16", 0x7766, 2),
            ("vedaMemsetD2D32", 0x7766_5544, 4),
            ("vedaMemsetD2D64", 0x7766_5544_3322_1100, 8),
        ] {
            caller.machine.window().write(place, &before).unwrap();
            let words = [place, pitch as u64, value, width as u64, height as u64];
            assert_eq!(caller.call(name, &words), 0, "{name}");
            let mut expected = before.clone();
            for row in 0..height {
                for element in 0..width {
                    let at = row * pitch + element * size;
                    expected[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
                }
            }
            assert!(caller.read(place, before.len()) == expected, "{name}");
        }
    });
}

#[test]
#[ignore = "needs NEC's libraries"]
fn errors_have_the_names_of_the_header() {
    on_each(|caller, path| {
        let header = path
            .parent()
            .unwrap()
            .with_file_name("include/veda/enums.h");
        let text = fs::read_to_string(header).unwrap();
        let names = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let names: Vec<&str> = names
            .filter(|name| name.starts_with("VEDA_ERROR_") || *name == "VEDA_SUCCESS")
            .collect();
        let place = caller.words(&[0]);
        let mut known = 0;
        for (number, name) in (0..).zip(names) {
            // The library does not know all of them.
            if caller.call("vedaGetErrorName", &[number, place]) == 0 {
                assert_eq!(caller.text(caller.word(place)), name);
                known += 1;
            }
        }
        assert!(known > 40, "{known}");
    });
}

#[test]
#[ignore = "needs NEC's libraries"]
fn virtual_pointers_lead_to_memory() {
    on_each(|caller, _| {
        let result = caller.words(&[0, 0]);
        let pointer = |index: u64| index << 37;
        assert_ne!(caller.call("vedaMemPtr", &[result, pointer(7)]), 0);
        for (index, size) in [(7, 100), (8, 5000), (9, 1 << 20)] {
            let virtual_pointer = pointer(index);
            let status = caller.call("vedaMemAllocPtr", &[result, virtual_pointer, size]);
            assert_eq!(status, 0);
            let place = caller.word(result);
            assert_eq!(caller.call("vedaMemsetD8", &[place, index, size]), 0);
            assert_eq!(
                caller.call("vedaMemPtrSize", &[result, result + 8, virtual_pointer]),
                0
            );
            assert_eq!(
                (caller.word(result), caller.word(result + 8)),
                (place, size)
            );
            assert_eq!(
                caller.call("vedaMemPtr", &[result, virtual_pointer + 33]),
                0
            );
            assert_eq!(caller.word(result), place + 33);
        }
        assert_eq!(caller.call("vedaMemSwap", &[pointer(7), pointer(8)]), 0);
        assert_eq!(caller.call("vedaMemSize", &[result, pointer(7)]), 0);
        assert_eq!(caller.word(result), 5000);
        assert_eq!(caller.call("vedaMemPtr", &[result, pointer(7)]), 0);
        assert_eq!(caller.read(caller.word(result), 5000), [8; 5000]);
        assert_eq!(caller.call("vedaMemFree", &[pointer(7)]), 0);
        assert_ne!(caller.call("vedaMemPtr", &[result, pointer(7)]), 0);
    });
}
