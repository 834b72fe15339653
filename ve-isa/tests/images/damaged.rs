//! Damaged files: each is refused in one sentence, unless the damage does not matter. The host is unharmed.

use crate::library::*;
use crate::objects;
use crate::{RETURN, jump};
use ve_isa::image::ImageFile;
use ve_isa::machine::{Machine, Unresolved};
use veo_test_support::ve;

/// A library with all that can be damaged.
fn whole() -> Library {
    let mut library = Library::default();
    let f = library.code(&["lea %s0, 7", RETURN]);
    let f = library.symbol("f", GLOBAL, FUNCTION, f);
    let slot = library.slot(JUMP_SLOT, f, 0);
    jump(&mut library, "g", slot);
    let word = library.word(9);
    library.slot(RELATIVE, 0, word);
    let start = library.word(1);
    library.tls = Some((start, 8, 64, 16));
    let variable = library.symbol("variable", GLOBAL, THREAD_LOCAL, 0);
    library.slot(DTPMOD64, variable, 0);
    library.slot(TPOFF64, variable, 0);
    library.arrays(&[TEXT], &[TEXT]);
    library.init = Some(TEXT);
    library.soname = Some("whole.so");
    library.needed = vec!["libc.so.6"];
    library
}

/// Where the value of a tag is in the file.
fn tag(bytes: &[u8], wanted: u64) -> usize {
    (DATA_OFFSET as usize..)
        .step_by(16)
        .find(|at| word(bytes, *at) == wanted)
        .unwrap()
        + 8
}

fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// Loads a file; the message of the error, if there is one.
fn load(machine: &Machine, bytes: &[u8]) -> Result<(), String> {
    let name = "k.so";
    let loaded = machine.load(&[ImageFile { name, bytes }], Unresolved::Lazy);
    let ids = loaded.map_err(|error| error.to_string())?;
    machine.unload(&ids).unwrap();
    Ok(())
}

fn is_sentence(message: &str) -> bool {
    let debug = ["Some(", "Err(", "Error(", " { ", "\n", "\""];
    message.len() > 20 && !debug.iter().any(|part| message.contains(part))
}

#[test]
fn each_damage_has_its_message() {
    let good = whole().build();
    let machine = Machine::new().unwrap();
    load(&machine, &good).unwrap();
    let segment = |number: usize, field: usize| 64 + 56 * number + field;
    let symbols = word(&good, tag(&good, 6)) as usize;
    let relocations = word(&good, tag(&good, 7)) as usize;
    let hash = word(&good, tag(&good, 4)) as usize;
    let wide = u64::MAX;
    // Where, how many bytes, the new value, and what is said.
    let cases: Vec<(usize, usize, u64, &str)> = vec![
        (0, 4, 0x464c_4500, "not an ELF file"),
        (4, 1, 1, "not a 64-bit little-endian"),
        (5, 1, 2, "little-endian"),
        (6, 1, 2, "unknown version"),
        (7, 1, 9, "another system"),
        (8, 1, 1, "another system"),
        (16, 2, 2, "neither a relocatable nor a shared object"),
        (18, 2, 62, "for machine 62"),
        (20, 4, 2, "unknown version"),
        (32, 8, 1 << 40, "program headers: it is cut off"),
        (32, 8, wide, "program headers: it is cut off"),
        (48, 4, 0x10101, "for VE3"),
        (48, 4, 7, "unknown architecture, 7"),
        (52, 2, 65, "header has 65 bytes"),
        (54, 2, 55, "program headers are 55 bytes"),
        (56, 2, 0, "no segment to load"),
        (56, 2, 0xffff, "program headers: it is cut off"),
        (segment(0, 0), 4, 9, "does not lie in a segment"),
        (segment(0, 8), 8, 0x400_0000, "cut off"),
        (
            segment(0, 8),
            8,
            8,
            "differ by no multiple of its alignment",
        ),
        (
            segment(0, 32),
            8,
            1 << 30,
            "more bytes in the file than in memory",
        ),
        (segment(0, 40), 8, DATA + 8, "before the end of another"),
        (segment(1, 16), 8, 0, "differ by no multiple"),
        (segment(1, 40), 8, wide, "larger than memory"),
        (segment(1, 40), 8, 1 << 50, "free bytes in one piece"),
        (segment(0, 48), 8, 3, "an alignment of 3"),
        (segment(0, 48), 8, 1 << 32, "an alignment of 4294967296"),
        (segment(2, 0), 4, 9, "no dynamic section"),
        (segment(2, 16), 8, 1 << 40, "dynamic section"),
        (segment(2, 32), 8, 1 << 40, "dynamic section"),
        (
            segment(3, 16),
            8,
            1 << 40,
            "thread-local variables lie outside",
        ),
        (segment(3, 32), 8, 65, "more first values than bytes"),
        (
            segment(3, 40),
            8,
            1 << 40,
            "bytes of thread-local memory; at most",
        ),
        (segment(3, 48), 8, 1 << 20, "an alignment of 1048576"),
        (segment(3, 48), 8, 6, "an alignment of 6"),
        (segment(3, 0), 4, 9, "the file has no thread-local memory"),
        (tag(&good, 4), 8, wide, "hash table"),
        (tag(&good, 4) - 8, 8, 99, "no hash table"),
        (tag(&good, 5), 8, 1 << 40, "string table"),
        (tag(&good, 10), 8, 1 << 40, "string table"),
        (
            tag(&good, 10),
            8,
            2,
            "of its string table, which has 2 bytes",
        ),
        (tag(&good, 6), 8, 1 << 40, "symbol table"),
        (tag(&good, 11), 8, 16, "symbols are 16 bytes each"),
        (tag(&good, 7), 8, 1 << 40, "relocation table"),
        (tag(&good, 8), 8, 25, "ends within an entry"),
        (tag(&good, 8), 8, 24 << 40, "relocation table"),
        (tag(&good, 9), 8, 16, "relocations are 16 bytes each"),
        (tag(&good, 9) - 8, 8, 17, "without addends"),
        (tag(&good, 14), 8, wide, "of its string table"),
        (tag(&good, 1), 8, 1 << 20, "of its string table"),
        (tag(&good, 25), 8, 1 << 40, "array of functions"),
        (tag(&good, 27), 8, 1 << 40, "array of functions"),
        (hash + 4, 4, 0xffff_ffff, "symbol table"),
        (symbols + 24, 4, 0xffff_ffff, "of its string table"),
        (symbols + 24 + 6, 2, 0xfff2, "a common variable"),
        (relocations, 8, 1 << 40, "lies outside of its segments"),
        (relocations, 8, wide - 3, "lies outside of its segments"),
        (relocations, 8, TEXT, "lies in what is only read"),
        (relocations + 8, 4, 99, "relocation 99 at"),
        (relocations + 8, 4, 4, "R_VE_HI32 at"),
        (relocations + 8, 4, 24, "is not for a thread-local variable"),
        (relocations + 12, 4, 1000, "symbol 1000, and there are"),
    ];
    for (at, size, value, expected) in cases {
        let mut bytes = good.clone();
        bytes[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
        let message = load(&machine, &bytes).expect_err(expected);
        assert!(message.contains(expected), "{at:#x}: {message}\n{expected}");
        assert!(is_sentence(&message), "{message}");
    }
    load(&machine, &good).unwrap();
}

/// Puts odd values everywhere in a range of the file.
fn sweep(machine: &Machine, good: &[u8], places: impl Iterator<Item = usize>) {
    for at in places {
        for (size, value) in [
            (1, 0xff),
            (2, 0),
            (2, 0xffff),
            (4, 0x7fff_ffff),
            (8, 0),
            (8, 1 << 40),
            (8, 1 << 63),
            (8, u64::MAX),
            (8, u64::MAX - 7),
        ] {
            let end = (at + size).min(good.len());
            let mut bytes = good.to_vec();
            bytes[at..end].copy_from_slice(&u64::to_le_bytes(value)[..end - at]);
            if let Err(message) = load(machine, &bytes) {
                assert!(is_sentence(&message), "{at:#x}, {value:#x}: {message}");
            }
        }
    }
}

#[test]
fn no_value_anywhere_harms_the_host() {
    let good = whole().build();
    let machine = Machine::new().unwrap();
    let tables = word(&good, tag(&good, 4)) as usize
        ..(word(&good, tag(&good, 7)) + word(&good, tag(&good, 8))) as usize;
    let dynamic = DATA_OFFSET as usize..tag(&good, 0) + 8;
    let all = (0..64 + 56 * 4).step_by(2);
    sweep(
        &machine,
        &good,
        all.chain(tables.step_by(4)).chain(dynamic.step_by(8)),
    );
    load(&machine, &good).unwrap();
}

#[test]
fn a_file_may_end_anywhere() {
    let good = whole().build();
    let machine = Machine::new().unwrap();
    let lengths = (0..0x300).chain((0x300..good.len()).step_by(61));
    for length in lengths {
        let message = load(&machine, &good[..length]).expect_err("it is cut off");
        assert!(is_sentence(&message), "{length}: {message}");
    }
}

#[test]
fn relocatable_objects_are_checked_alike() {
    if !ve::can_compile() {
        return;
    }
    let source = "
        __thread long t = 4; int common; extern int far; static int (*p)(void);
        __attribute__((constructor)) static void begin(void) { common = 1; }
        int f(void) { return t + common + far + p(); }
    ";
    let good = objects::compile("k.c", source, &["-O1", "-fcommon"]);
    let machine = Machine::new().unwrap();
    load(&machine, &good).unwrap();
    let headers = word(&good, 0x28) as usize;
    sweep(
        &machine,
        &good,
        (0..64).step_by(2).chain((headers..good.len()).step_by(4)),
    );
    sweep(&machine, &good, (64..headers).step_by(8));
    for length in (0..good.len()).step_by(7) {
        let message = load(&machine, &good[..length]).expect_err("it is cut off");
        assert!(is_sentence(&message), "{length}: {message}");
    }
    load(&machine, &good).unwrap();
}
