//! `sys/mman.h`: memory that the program maps, with and without a file.
//!
//! A file is mapped into the window itself. What it does not have, or loses, is memory that is not there: an access is a trap as any other.

use std::fs::File;
use std::sync::Arc;

use super::call::{Outcome, Table, give, result_int, words};
use crate::memory::{FileMapping, MemoryError, Protection, Window};
use crate::process::MappedRange;
use crate::thread::Thread;

pub(super) const TABLE: Table = &[
    ("mmap", |thread| mapped(thread, map)),
    ("mmap64", |thread| mapped(thread, map)),
    ("mremap", |thread| mapped(thread, remap)),
    ("munmap", |thread| mapped(thread, unmap)),
    ("mprotect", |thread| mapped(thread, protect)),
    ("msync", |thread| mapped(thread, synchronize)),
    ("madvise", |thread| mapped(thread, advise)),
    ("posix_madvise", |thread| {
        let error = advise(thread, words(thread)).err().unwrap_or(0);
        result_int(thread, error)
    }),
];

/// Bytes of the pages that lengths are rounded to.
const PAGE: u64 = 64 << 10;

/// Bits of the flags of `mmap` and `mremap`.
const MAP_SHARED: u64 = 1;
const MAP_PRIVATE: u64 = 2;
const MAP_FIXED: u64 = 0x10;
const MAP_ANONYMOUS: u64 = 0x20;
const MREMAP_MAYMOVE: u64 = 1;

fn mapped(thread: &mut Thread, act: fn(&Thread, [u64; 6]) -> Result<u64, i32>) -> Outcome {
    let done = act(thread, words(thread));
    give(thread, done)
}

/// Memory where the window has room for it. The address that the caller would like does not count.
pub(super) fn map(
    thread: &Thread,
    [_, length, protection, flags, file, offset]: [u64; 6],
) -> Result<u64, i32> {
    if flags & MAP_FIXED != 0 || length == 0 {
        return Err(libc::EINVAL);
    }
    let protection = protection_of(protection);
    let file = if flags & MAP_ANONYMOUS == 0 {
        let shared = match flags & (MAP_SHARED | MAP_PRIVATE) {
            0 => return Err(libc::EINVAL),
            MAP_PRIVATE => FileMapping::Private,
            _ => FileMapping::Shared,
        };
        let number = thread.process().files.get(file as i32).ok_or(libc::EBADF)?;
        // The memory outlives the number.
        let file = number.duplicate().map_err(|error| number_of(&error))?;
        Some((Arc::new(File::from(file)), offset, shared))
    } else {
        None
    };
    let range = MappedRange {
        length,
        protection,
        file,
    };
    let start = open(thread.window(), &range)?;
    thread.process().maps().insert(start, range);
    Ok(start)
}

/// Makes memory; the result is where.
fn open(window: &Window, wanted: &MappedRange) -> Result<u64, i32> {
    let Some((file, offset, how)) = &wanted.file else {
        let range = window.map(wanted.length, wanted.protection);
        return range
            .map(|range| range.start)
            .map_err(|error| error_of(&error));
    };
    let range = window
        .map(wanted.length, Protection::None)
        .map_err(|error| error_of(&error))?;
    let page = crate::memory::host_page();
    let whole = range.start..range.start + wanted.length.next_multiple_of(page);
    let mapped = window.map_file(whole, file, *offset, *how, wanted.protection);
    match mapped {
        Ok(()) => Ok(range.start),
        Err(error) => {
            // Nobody has seen it.
            let _ = window.unmap(range.start);
            Err(error_of(&error))
        }
    }
}

/// The number in `errno` for what the window says.
fn error_of(error: &MemoryError) -> i32 {
    match error {
        MemoryError::System { source, .. } => number_of(source),
        MemoryError::Outside { .. } => libc::EINVAL,
        _ => libc::ENOMEM,
    }
}

fn number_of(error: &std::io::Error) -> i32 {
    error.raw_os_error().unwrap_or(libc::EIO)
}

fn protection_of(bits: u64) -> Protection {
    match bits & 3 {
        0 => Protection::None,
        1 => Protection::Read,
        _ => Protection::ReadWrite,
    }
}

/// How many bytes there are in the pages of so many.
fn pages(length: u64) -> Option<u64> {
    length.checked_next_multiple_of(PAGE)
}

/// Whether all of a range lies in one that `mmap` has given.
fn is_mapped(thread: &Thread, start: u64, length: u64) -> Result<bool, i32> {
    let end = start.checked_add(length).ok_or(libc::EINVAL)?;
    Ok(thread.process().maps().iter().any(|(first, range)| {
        let last = first.saturating_add(pages(range.length).unwrap_or(u64::MAX));
        *first <= start && end <= last
    }))
}

/// Changes what may be done with pages that `mmap` has given.
pub(super) fn protect(thread: &Thread, [start, length, bits, ..]: [u64; 6]) -> Result<u64, i32> {
    if !is_mapped(thread, start, length)? {
        return Err(libc::ENOMEM);
    }
    let done = thread
        .window()
        .protect(start..start + length, protection_of(bits));
    done.map(|()| 0).map_err(|error| error_of(&error))
}

/// Gives back what `mmap` has given, as a whole: other memory of the program has other owners.
pub(super) fn unmap(thread: &Thread, [start, length, ..]: [u64; 6]) -> Result<u64, i32> {
    let mut maps = thread.process().maps();
    let mapped = maps.get(&start).ok_or(libc::EINVAL)?;
    if pages(mapped.length) != pages(length) {
        return Err(libc::EINVAL);
    }
    thread.window().unmap(start).map_err(|_| libc::EINVAL)?;
    maps.remove(&start);
    Ok(0)
}

/// Gives what `mmap` has given another length, at another place.
fn remap(thread: &Thread, [start, old, new, flags, ..]: [u64; 6]) -> Result<u64, i32> {
    if flags & !MREMAP_MAYMOVE != 0 || new == 0 {
        return Err(libc::EINVAL);
    }
    let mut maps = thread.process().maps();
    let range = maps.get(&start).ok_or(libc::EFAULT)?;
    if pages(range.length) != pages(old) {
        return Err(libc::EINVAL);
    }
    if pages(new) == pages(old) && range.file.is_none() {
        return Ok(start);
    }
    if flags & MREMAP_MAYMOVE == 0 {
        return Err(libc::ENOMEM);
    }
    let is_copied = match &range.file {
        None => true,
        Some((_, _, FileMapping::Shared)) => false,
        // Which of its pages have been written nobody knows.
        Some((_, _, FileMapping::Private)) => return Err(libc::ENOMEM),
    };
    let wanted = MappedRange {
        length: new,
        ..range.clone()
    };
    let window = thread.window();
    let place = open(window, &wanted)?;
    if is_copied && copy(window, start, place, old.min(new)).is_none() {
        let _ = window.unmap(place);
        return Err(libc::EFAULT);
    }
    window.unmap(start).map_err(|error| error_of(&error))?;
    maps.remove(&start);
    maps.insert(place, wanted);
    Ok(place)
}

/// Copies memory, as far as it can be read and written. Nothing, where it cannot.
fn copy(window: &Window, from: u64, to: u64, length: u64) -> Option<()> {
    let mut buffer = vec![0; length.min(1 << 20) as usize];
    let mut done = 0;
    while done < length {
        let part = &mut buffer[..(length - done).min(1 << 20) as usize];
        window.read(from + done, part).ok()?;
        window.write(to + done, part).ok()?;
        done += part.len() as u64;
    }
    Some(())
}

/// Writes shared pages to their file.
fn synchronize(thread: &Thread, [start, length, flags, ..]: [u64; 6]) -> Result<u64, i32> {
    if !is_mapped(thread, start, length)? {
        return Err(libc::ENOMEM);
    }
    let done = thread
        .window()
        .synchronize(start..start + length, flags as i32);
    done.map(|()| 0).map_err(|error| error_of(&error))
}

/// Advice that changes nothing but speed is heard, and needs nothing to be done.
fn advise(thread: &Thread, [start, length, advice, ..]: [u64; 6]) -> Result<u64, i32> {
    if !is_mapped(thread, start, length)? {
        return Err(libc::ENOMEM);
    }
    if advice > libc::MADV_WILLNEED as u64 {
        return Err(libc::EINVAL);
    }
    Ok(0)
}
