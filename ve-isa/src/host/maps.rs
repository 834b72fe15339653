//! `sys/mman.h`: memory that the program maps, with and without a file.
//!
//! A file is mapped into the window itself. Memory beyond the end of the file, or that the file loses, is not there: an access is a trap as
//! any other.

use std::ops::Range;

use super::call::{Outcome, Table, give, result_int, words};
use crate::memory::{FileMapping, MemoryError, Protection, Window, host_page};
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
    let window = thread.window();
    let (start, file) = if flags & MAP_ANONYMOUS == 0 {
        let how = match flags & (MAP_SHARED | MAP_PRIVATE) {
            0 => return Err(libc::EINVAL),
            MAP_PRIVATE => FileMapping::Private,
            _ => FileMapping::Shared,
        };
        let file = thread.process().files.get(file as i32).ok_or(libc::EBADF)?;
        let start = with_pages(window, length, |pages| {
            // The system keeps the file for as long as the memory is mapped.
            window.map_file(pages, &file, offset, how, protection)
        })?;
        (start, Some(how))
    } else {
        let range = window.map(length, protection);
        (range.map_err(|error| error_of(&error))?.start, None)
    };
    let range = MappedRange {
        length,
        protection: Some(protection),
        file,
    };
    thread.process().maps().insert(start, range);
    Ok(start)
}

/// Makes room for so many bytes, and maps something onto their pages; the result is where.
fn with_pages(
    window: &Window,
    length: u64,
    act: impl FnOnce(Range<u64>) -> Result<(), MemoryError>,
) -> Result<u64, i32> {
    let range = window
        .map(length, Protection::None)
        .map_err(|error| error_of(&error))?;
    let end = range.start + length.next_multiple_of(host_page());
    match act(range.start..end) {
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
    let protection = protection_of(bits);
    let done = thread.window().protect(start..start + length, protection);
    done.map_err(|error| error_of(&error))?;
    for (first, range) in thread.process().maps().iter_mut() {
        let offset = start.wrapping_sub(*first);
        let inside = length > 0 && offset < pages(range.length).unwrap_or(0);
        if inside && range.protection != Some(protection) {
            let whole = offset == 0 && length >= range.length;
            range.protection = whole.then_some(protection);
        }
    }
    Ok(0)
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
    // The system moves no range either of which parts differ.
    let protection = range.protection.ok_or(libc::ENOMEM)?;
    let window = thread.window();
    let place = match range.file {
        None => {
            let place = window
                .map(new, Protection::ReadWrite)
                .map_err(|error| error_of(&error))?
                .start;
            let moved = move_to(window, start..start + old, place..place + new, protection);
            if moved.is_none() {
                let _ = window.unmap(place);
                return Err(libc::EFAULT);
            }
            place
        }
        Some(FileMapping::Shared) => with_pages(window, new, |pages| {
            window.map_twin(start, pages, protection)
        })?,
        // Nobody knows which of its pages have been written.
        Some(FileMapping::Private) => return Err(libc::ENOMEM),
    };
    let moved = MappedRange {
        length: new,
        ..*range
    };
    window.unmap(start).map_err(|error| error_of(&error))?;
    maps.remove(&start);
    maps.insert(place, moved);
    Ok(place)
}

/// Copies one range to another, as much as both have, and lets it have this protection. Nothing, where that cannot be.
fn move_to(
    window: &Window,
    from: Range<u64>,
    to: Range<u64>,
    protection: Protection,
) -> Option<()> {
    let length = (from.end - from.start).min(to.end - to.start);
    if protection == Protection::None {
        window.protect(from.clone(), Protection::Read).ok()?;
    }
    let copied = copy(window, from.start, to.start, length);
    if copied.is_none() && protection == Protection::None {
        window.protect(from, protection).ok()?;
    }
    copied?;
    window.protect(to, protection).ok()
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
