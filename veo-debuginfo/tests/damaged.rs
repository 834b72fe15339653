//! Libraries that are damaged at random or have a false size: no reader panics, hangs or takes
//! too much memory.

use std::io::Cursor;
use std::process::Command;

use object::{Object, ObjectSection};
use veo_debuginfo::elf::Headers;
use veo_debuginfo::prototypes::read_file;
use veo_debuginfo::{Original, SourceLines};
use veo_test_support::{compile, damage};

const SOURCE: &str = "static inline __attribute__((always_inline)) int twice(int x) \
    { return x * 2; }\nint inlined(int *x) { return twice(*x) + twice(x[1]); }\n";

/// A small library with debug information.
fn library(options: &[&str]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let small = ["-O1", "-nostdlib", "-Wl,-z,noseparate-code"];
    let library = dir.path().join("libk.so");
    compile::library_of(SOURCE, "c", &library, &[&small, options].concat());
    std::fs::read(library).expect("the library")
}

#[test]
fn damaged_libraries() {
    let mut random = fastrand::Rng::with_seed(0x9e37_79b9_7f4a_7c15);
    let library = library(&["-g"]);
    let whole = SourceLines::of(library.clone(), None);
    let code: Vec<u64> = (0..0x2000)
        .step_by(8)
        .filter(|address| whole.find(*address).function == "inlined")
        .collect();
    assert!(
        !code.is_empty(),
        "the library has code with debug information"
    );
    for _ in 0..400 {
        let mut bytes = library.clone();
        damage(&mut random, &mut bytes, 0x400);
        let _ = Headers::read(&mut Cursor::new(&bytes));
        let source = SourceLines::of(bytes, None);
        let _ = source.extent();
        let _ = source.find(code[random.usize(..code.len())]);
    }
}

#[test]
fn debug_information_that_claims_to_be_huge() {
    let mut bytes = library(&["-g", "-gz"]);
    let source = SourceLines::of(bytes.clone(), None);
    let code = (0..0x2000).find(|address| source.find(*address).line > 0);
    let code = code.expect("compressed debug information is read");
    let headers: Vec<usize> = object::File::parse(&*bytes)
        .unwrap()
        .sections()
        .filter(|section| section.name().is_ok_and(|name| name.starts_with(".debug")))
        .filter_map(|section| Some(section.file_range()?.0 as usize))
        .collect();
    for at in headers {
        // The size in the header of a compressed section.
        bytes[at + 8..at + 16].copy_from_slice(&(u64::MAX >> 2).to_le_bytes());
    }
    assert_eq!(SourceLines::of(bytes, None).find(code).line, 0);
}

#[test]
fn a_file_that_claims_to_be_huge() {
    // It has no bytes of its own, and its size is that of no memory.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("libk.so");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(1 << 42).unwrap();
    let original = Original::open(&path).unwrap();
    for refused in [
        original.bytes().unwrap_err().to_string(),
        read_file(&path).unwrap_err().to_string(),
    ] {
        assert!(refused.ends_with("it is larger than 1024 MiB"), "{refused}");
    }
}

#[test]
fn a_fifo_holds_nobody_up() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("libk.so");
    let made = Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo").success());
    for refused in [
        Original::open(&path).unwrap_err().to_string(),
        read_file(&path).unwrap_err().to_string(),
    ] {
        assert!(refused.ends_with("it is no regular file"), "{refused}");
    }
}
