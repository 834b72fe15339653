//! Libraries that are damaged at random, or lie about their size: no reader panics, hangs or
//! takes more memory than the file deserves.

use std::io::Cursor;
use std::process::Command;

use object::{Object, ObjectSection};
use veo_debuginfo::elf::Headers;
use veo_debuginfo::prototypes::read_file;
use veo_debuginfo::{Original, SourceLines};

const SOURCE: &str = "static inline __attribute__((always_inline)) int twice(int x) \
    { return x * 2; }\nint inlined(int *x) { return twice(*x) + twice(x[1]); }\n";

/// A small library with debug information.
fn library(options: &[&str]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let (source, library) = (dir.path().join("k.c"), dir.path().join("libk.so"));
    std::fs::write(&source, SOURCE).unwrap();
    let status = Command::new("cc")
        .args(options)
        .args(["-O1", "-shared", "-fPIC", "-nostdlib"])
        .args(["-Wl,-z,noseparate-code", "-o"])
        .args([&library, &source])
        .status();
    assert!(status.expect("a C compiler").success());
    std::fs::read(library).expect("the library")
}

/// Damages bytes in a few places, with values that are likely to matter.
fn damage(random: &mut fastrand::Rng, bytes: &mut Vec<u8>) {
    /// Headers are small and matter most.
    const HEADERS: usize = 0x400;
    for _ in 0..random.usize(1..9) {
        if bytes.is_empty() {
            return;
        }
        let range = if random.bool() { HEADERS } else { bytes.len() };
        let at = random.usize(..range.min(bytes.len()));
        match random.u8(..4) {
            0 => bytes[at] ^= 1 << random.u8(..8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.usize(..5)],
            2 => {
                let value = [0, 1, u64::MAX, 1 << 63, random.u64(..)][random.usize(..5)];
                for (byte, new) in bytes[at..].iter_mut().zip(value.to_le_bytes()) {
                    *byte = new;
                }
            }
            _ => {
                let len = random.usize(..=bytes.len());
                if random.u8(..8) == 0 {
                    bytes.truncate(len);
                }
            }
        }
    }
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
        damage(&mut random, &mut bytes);
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
