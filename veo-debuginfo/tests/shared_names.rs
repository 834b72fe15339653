//! Entries of an ELF file that share the bytes of a long name: a small file that would cost a reader
//! hours, or all memory, if it read the name for each of them.

use veo_debuginfo::{Linkage, ReadError, data_symbols, dynamic_symbols};
use veo_test_support as _;

const HEADER: usize = 64;

/// A library with these sections, the first of which has the names: type, link, size of an entry, content.
fn library(sections: &[(u32, u32, u64, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![0; HEADER];
    let mut headers = vec![0; HEADER];
    for (kind, link, entry, content) in sections {
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        let info = u32::from(*kind == SHT_DYNSYM);
        for word in [0, *kind] {
            headers.extend(word.to_le_bytes());
        }
        for word in [SHF_ALLOC, 0, bytes.len() as u64, content.len() as u64] {
            headers.extend(word.to_le_bytes());
        }
        for word in [*link, info] {
            headers.extend(word.to_le_bytes());
        }
        for word in [8, *entry] {
            headers.extend(word.to_le_bytes());
        }
        bytes.extend(content);
    }
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let place = bytes.len() as u64;
    bytes.extend(headers);
    bytes[..16].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    // A shared library of x86-64, version 1.
    bytes[16..24].copy_from_slice(&[3, 0, 62, 0, 1, 0, 0, 0]);
    bytes[40..48].copy_from_slice(&place.to_le_bytes());
    let count = sections.len() as u16 + 1;
    for (at, half) in [(52, 64), (54, 56), (58, 64), (60, count), (62, 1)] {
        bytes[at..at + 2].copy_from_slice(&half.to_le_bytes());
    }
    bytes
}

const SHT_STRTAB: u32 = 3;
const SHT_DYNAMIC: u32 = 6;
const SHT_DYNSYM: u32 = 11;
const SHF_ALLOC: u64 = 2;

/// A string table with one name, at 1.
fn names(length: usize) -> (u32, u32, u64, Vec<u8>) {
    let name = [&[0][..], &vec![b'n'; length], &[0]].concat();
    (SHT_STRTAB, 0, 0, name)
}

/// A library that needs `count` others, all of the same name.
fn needing(count: usize, length: usize) -> Vec<u8> {
    let needed = [1u64, 1].map(u64::to_le_bytes).concat();
    let dynamic = [needed.repeat(count), vec![0; 16]].concat();
    library(&[names(length), (SHT_DYNAMIC, 1, 16, dynamic)])
}

/// A library with `count` variables, all of the same name.
fn with_variables(count: usize, length: usize) -> Vec<u8> {
    // Name, global object, default visibility, section 1, address, size.
    let mut symbol = vec![1, 0, 0, 0, 0x11, 0, 1, 0];
    symbol.extend([16u64, 8].map(u64::to_le_bytes).concat());
    let symbols = [vec![0; 24], symbol.repeat(count)].concat();
    library(&[names(length), (SHT_DYNSYM, 1, 24, symbols)])
}

#[test]
fn needed_libraries() {
    let linkage = Linkage::read(&needing(3, 60)).expect("three names are read");
    assert_eq!(linkage.needs, vec!["n".repeat(60); 3]);
    let bytes = needing(4000, 1 << 16);
    assert!(bytes.len() < 1 << 18);
    // Together they are 250 MiB.
    assert!(Linkage::read(&bytes).is_none());
}

#[test]
fn dynamic_symbols_with_one_name() {
    let bytes = with_variables(3, 60);
    let read: Vec<_> = dynamic_symbols(&bytes)
        .iter()
        .map(|symbol| symbol.name)
        .collect();
    assert_eq!(read, vec!["n".repeat(60); 3]);
    let bytes = with_variables(50_000, 4000);
    assert!(bytes.len() < 1 << 21);
    let count = dynamic_symbols(&bytes).len();
    assert!((1..50_000).contains(&count), "{count} names were read");
}

/// Names that are too long to be read are looked at, too, to find where they end.
#[test]
fn names_that_are_skipped() {
    assert_eq!(data_symbols(&with_variables(3, 60)).unwrap().len(), 1);
    assert_eq!(data_symbols(&with_variables(3, 5000)).unwrap().len(), 0);
    let many = data_symbols(&with_variables(500, 1 << 20));
    assert_eq!(many, Err(ReadError::TooComplex));
}
