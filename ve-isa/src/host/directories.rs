//! `dirent.h`, `libgen.h`: what is in a directory, the parts of a path.

use std::collections::VecDeque;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::DirEntryExt as _;

use super::call::{Outcome, Table, result, result_int, set_errno, text, word, write};
use super::heap;
use crate::process::{Directory, DirectoryEntry};
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("opendir", |thread| {
        let path = text(thread.window(), word(thread, 0))?;
        let entries = match list(&path) {
            Ok(entries) => entries,
            Err(error) => {
                set_errno(thread, error.raw_os_error().unwrap_or(libc::EIO));
                return result(thread, 0);
            }
        };
        let address = heap::allocate(thread, ENTRY);
        if address != 0 {
            let directory = Directory { entries, next: 0 };
            thread.process().directories().insert(address, directory);
        }
        result(thread, address)
    }),
    ("readdir", next),
    ("readdir64", next),
    ("rewinddir", |thread| {
        with(thread, |directory| directory.next = 0)
    }),
    ("closedir", |thread| {
        let address = word(thread, 0);
        with(thread, |_| ())?;
        thread.process().directories().remove(&address);
        heap::free(thread, address)?;
        result_int(thread, 0)
    }),
    ("basename", |thread| part(thread, base)),
    ("__xpg_basename", |thread| part(thread, base)),
    ("dirname", |thread| part(thread, directory)),
];

/// Bytes of a `struct dirent`, and where its fields are.
pub(super) const ENTRY: u64 = 280;
pub(super) const NAME: usize = 19;

/// What is in a directory.
pub(super) fn list(path: &[u8]) -> std::io::Result<Vec<DirectoryEntry>> {
    let path = std::ffi::OsStr::from_bytes(path);
    let mut entries = VecDeque::new();
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let kind = if kind.is_dir() {
            libc::DT_DIR
        } else if kind.is_symlink() {
            libc::DT_LNK
        } else if kind.is_file() {
            libc::DT_REG
        } else {
            libc::DT_UNKNOWN
        };
        entries.push_back(DirectoryEntry {
            number: entry.ino(),
            kind,
            name: entry.file_name().into_vec(),
        });
    }
    for name in [&b".."[..], b"."] {
        entries.push_front(DirectoryEntry {
            number: 1,
            kind: libc::DT_DIR,
            name: name.to_vec(),
        });
    }
    Ok(entries.into())
}

fn with<T>(thread: &Thread, act: impl FnOnce(&mut Directory) -> T) -> Result<T, Failure> {
    let address = word(thread, 0);
    let mut directories = thread.process().directories();
    let directory = directories.get_mut(&address).ok_or_else(|| {
        Failure::Why(format!(
            "was given {address:#x}, which is no open directory"
        ))
    })?;
    Ok(act(directory))
}

fn next(thread: &mut Thread) -> Outcome {
    let entry = with(thread, |directory| {
        let entry = directory.entries.get(directory.next).cloned();
        directory.next += 1;
        entry.map(|entry| (entry, directory.next))
    })?;
    let Some((entry, position)) = entry else {
        return result(thread, 0);
    };
    let address = word(thread, 0);
    write(thread.window(), address, &bytes(&entry, position))?;
    result(thread, address)
}

/// A `struct dirent`.
pub(super) fn bytes(entry: &DirectoryEntry, position: usize) -> Vec<u8> {
    let mut bytes = vec![0; ENTRY as usize];
    bytes[..8].copy_from_slice(&entry.number.to_le_bytes());
    bytes[8..16].copy_from_slice(&(position as u64).to_le_bytes());
    bytes[16..18].copy_from_slice(&(ENTRY as u16).to_le_bytes());
    bytes[18] = entry.kind;
    let length = entry.name.len().min(255);
    bytes[NAME..NAME + length].copy_from_slice(&entry.name[..length]);
    bytes
}

/// The last part of a path.
fn base(path: &[u8]) -> Vec<u8> {
    let path = without_slashes(path);
    let start = path.iter().rposition(|byte| *byte == b'/');
    let name = &path[start.map_or(0, |start| start + 1)..];
    match (path, name) {
        (b"", _) => b".".to_vec(),
        (_, b"") => b"/".to_vec(),
        _ => name.to_vec(),
    }
}

/// All but the last part of a path.
fn directory(path: &[u8]) -> Vec<u8> {
    let parts = without_slashes(path);
    let Some(end) = parts.iter().rposition(|byte| *byte == b'/') else {
        return b".".to_vec();
    };
    match without_slashes(&parts[..=end]) {
        // Two slashes, not more, may be another root.
        b"/" if path.starts_with(b"//") && path.get(2) != Some(&b'/') => b"//".to_vec(),
        rest => rest.to_vec(),
    }
}

/// The path without those at its end, but for the root.
fn without_slashes(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte != b'/');
    match end {
        Some(end) => &path[..=end],
        None => &path[..path.len().min(1)],
    }
}

/// Leaves the address of a part of the path, which stays until the next call.
fn part(thread: &mut Thread, how: fn(&[u8]) -> Vec<u8>) -> Outcome {
    let path = match word(thread, 0) {
        0 => Vec::new(),
        address => text(thread.window(), address)?,
    };
    let mut part = how(&path);
    part.truncate(LONGEST - 1);
    part.push(0);
    let place = thread.lasting("part of a path", || vec![0; LONGEST]);
    let place = place.unwrap_or(0);
    if place != 0 {
        write(thread.window(), place, &part)?;
    }
    result(thread, place)
}

/// Bytes of the longest path.
const LONGEST: usize = 4096;
