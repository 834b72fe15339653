//! `dirent.h`, `libgen.h`: the entries of a directory, the parts of a path.

use std::ffi::CString;
use std::io::Error;
use std::ops::Range;
use std::sync::Arc;

use super::call::{
    Outcome, Table, c_text, int, load, result, result_int, set_errno, store, text, word, write,
};
use super::heap;
use crate::process::{self, Directory, DirectoryEntry, OpenFile};
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("opendir", |thread| {
        let path = c_text(thread.window(), word(thread, 0))?;
        match process::open_directory(&path) {
            Ok(file) => {
                let file = Arc::new(file);
                open(thread, file, None)
            }
            Err(error) => refuse(thread, &error),
        }
    }),
    ("fdopendir", |thread| {
        let number = int(thread, 0);
        match thread.process().files.get(number) {
            Some(OpenFile::Opened(file)) => open(thread, file, Some(number)),
            Some(OpenFile::Standard(_)) => refuse(thread, &Error::from_raw_os_error(libc::ENOTDIR)),
            None => refuse(thread, &Error::from_raw_os_error(libc::EBADF)),
        }
    }),
    ("dirfd", |thread| {
        let number = with(thread, |directory| directory.number)?;
        result_int(thread, number)
    }),
    ("telldir", |thread| {
        let place = with(thread, |directory| directory.next)?;
        result(thread, place as u64)
    }),
    ("seekdir", |thread| {
        let place = word(thread, 1) as usize;
        with(thread, |directory| directory.next = place)
    }),
    ("readdir_r", |thread| {
        let (place, told) = (word(thread, 1), word(thread, 2));
        load::<8>(thread.window(), told)?;
        let entry = take_next(thread)?;
        if let Some(bytes) = &entry {
            write(thread.window(), place, bytes)?;
        }
        let address = if entry.is_some() { place } else { 0 };
        store::<8>(thread.window(), told, address)?;
        result_int(thread, 0)
    }),
    ("readdir", next),
    ("readdir64", next),
    ("rewinddir", |thread| {
        let file = with(thread, |directory| directory.file.clone())?;
        let entries = process::entries_of(&file);
        with(thread, |directory| {
            directory.next = 0;
            // A directory that cannot be read any more keeps its entries.
            if let Ok(entries) = entries {
                directory.entries = entries;
            }
        })
    }),
    ("closedir", |thread| {
        let address = word(thread, 0);
        with(thread, |_| ())?;
        let closed = thread.process().directories().remove(&address);
        if let Some(directory) = closed {
            let files = &thread.process().files;
            files.forget(directory.number, &directory.file);
        }
        heap::free(thread, address)?;
        result_int(thread, 0)
    }),
    // That of `string.h`, which writes nothing; `libgen.h` calls the other one by its name.
    ("basename", |thread| {
        let address = word(thread, 0);
        let path = text(thread.window(), address)?;
        let slash = path.iter().rposition(|byte| *byte == b'/');
        let start = slash.map_or(0, |slash| slash as u64 + 1);
        result(thread, address.wrapping_add(start))
    }),
    ("__xpg_basename", |thread| part(thread, base)),
    ("dirname", |thread| part(thread, directory)),
];

/// Bytes of a `struct dirent`, and where its fields are.
pub(super) const ENTRY: u64 = 280;
pub(super) const NAME: usize = 19;

/// The entries of a directory.
pub(super) fn list(path: &[u8]) -> std::io::Result<Vec<DirectoryEntry>> {
    // A path has no 0.
    let path = CString::new(path).unwrap_or_default();
    process::entries_of(&process::open_directory(&path)?)
}

fn refuse(thread: &mut Thread, error: &Error) -> Outcome {
    set_errno(thread, error.raw_os_error().unwrap_or(libc::EIO));
    result(thread, 0)
}

/// Leaves the address that stands for a directory, whose file has a number already, or gets one.
fn open(thread: &mut Thread, file: Arc<std::os::fd::OwnedFd>, number: Option<i32>) -> Outcome {
    let entries = match process::entries_of(&file) {
        Ok(entries) => entries,
        Err(error) => return refuse(thread, &error),
    };
    let address = heap::allocate(thread, ENTRY);
    if address != 0 {
        let number = number.unwrap_or_else(|| thread.add_file(file.clone(), 0));
        let directory = Directory {
            entries,
            next: 0,
            file,
            number,
        };
        thread.process().directories().insert(address, directory);
    }
    result(thread, address)
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

/// The next entry of a directory, as a `struct dirent`.
fn take_next(thread: &Thread) -> Result<Option<Vec<u8>>, Failure> {
    with(thread, |directory| {
        let entry = directory.entries.get(directory.next)?;
        directory.next += 1;
        Some(bytes(entry, directory.next))
    })
}

fn next(thread: &mut Thread) -> Outcome {
    let Some(entry) = take_next(thread)? else {
        return result(thread, 0);
    };
    let address = word(thread, 0);
    write(thread.window(), address, &entry)?;
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

/// The last part of a path; nothing if it has none.
fn base(path: &[u8]) -> Option<Range<usize>> {
    let end = without_slashes(path).len();
    let start = path[..end].iter().rposition(|byte| *byte == b'/');
    match start {
        _ if path.is_empty() => None,
        // Only slashes.
        Some(start) if start + 1 == end => Some(start..end),
        start => Some(start.map_or(0, |start| start + 1)..end),
    }
}

/// All but the last part of a path; nothing if it has only one.
fn directory(path: &[u8]) -> Option<Range<usize>> {
    let parts = without_slashes(path);
    let end = parts.iter().rposition(|byte| *byte == b'/')?;
    match without_slashes(&parts[..=end]) {
        // Two slashes, not more, may be another root.
        b"/" if path.starts_with(b"//") && path.get(2) != Some(&b'/') => Some(0..2),
        rest => Some(0..rest.len()),
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

/// Leaves the address of a part of the path, which the caller's memory has: a 0 is written behind it.
fn part(thread: &mut Thread, how: fn(&[u8]) -> Option<Range<usize>>) -> Outcome {
    let address = word(thread, 0);
    let path = match address {
        0 => Vec::new(),
        address => text(thread.window(), address)?,
    };
    let Some(part) = how(&path) else {
        let place = thread.lasting("this directory", || b".\0".to_vec());
        return result(thread, place.unwrap_or(0));
    };
    if part.end < path.len() {
        write(thread.window(), address.wrapping_add(part.end as u64), &[0])?;
    }
    result(thread, address.wrapping_add(part.start as u64))
}
