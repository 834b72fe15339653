//! `glob.h`: the files whose names match a pattern.

use std::ffi::OsStr;
use std::fs;
use std::io::Error;
use std::os::unix::ffi::OsStrExt as _;

use super::call::{Table, int, load, result_int, store, text, word, write};
use super::heap;
use super::patterns::{self, Pattern};
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("glob", |thread| {
        let found = glob(thread)?;
        result_int(thread, found)
    }),
    ("globfree", |thread| {
        let place = word(thread, 0);
        let [count, list, before] = lists(thread, place)?;
        if list != 0 {
            for index in before..before.saturating_add(count) {
                thread.poll()?;
                let name = load::<8>(thread.window(), list.wrapping_add(index.wrapping_mul(8)))?;
                heap::free(thread, name)?;
            }
            heap::free(thread, list)?;
        }
        store::<8>(thread.window(), place, 0)?;
        store::<8>(thread.window(), place.wrapping_add(8), 0)
    }),
];

const ERRORS: i32 = 1;
const MARK: i32 = 2;
const NO_SORT: i32 = 4;
const OFFSETS: i32 = 8;
const NO_CHECK: i32 = 16;
const APPEND: i32 = 32;
const NO_ESCAPE: i32 = 64;
const PERIOD: i32 = 128;
/// A pattern without wildcards stands for itself.
const NO_MAGIC: i32 = 2048;
const ALL: i32 =
    ERRORS | MARK | NO_SORT | OFFSETS | NO_CHECK | APPEND | NO_ESCAPE | PERIOD | NO_MAGIC;

/// How many names there may be, also on the way.
const MOST: usize = 1 << 20;

const NO_SPACE: i32 = 1;
const ABORTED: i32 = 2;
const NO_MATCH: i32 = 3;
const NOT_PROVIDED: i32 = 4;

/// How many names a program already has, where, and how many places it wants free before them.
fn lists(thread: &Thread, place: u64) -> Result<[u64; 3], Failure> {
    let field = |index: u64| load::<8>(thread.window(), place.wrapping_add(8 * index));
    let [count, list, before] = [field(0)?, field(1)?, field(2)?];
    // Where `glob` has made no list, the number of free places means nothing.
    Ok([count, list, if list == 0 { 0 } else { before }])
}

fn glob(thread: &mut Thread) -> Result<i32, Failure> {
    let pattern = text(thread.window(), word(thread, 0))?;
    let (flags, failed, place) = (int(thread, 1), word(thread, 2), word(thread, 3));
    if flags & !ALL != 0 {
        return Ok(NOT_PROVIDED);
    }
    let mut wanted = 0;
    if flags & OFFSETS != 0 {
        wanted = load::<8>(thread.window(), place.wrapping_add(16))?;
    }
    let old = if flags & APPEND != 0 {
        lists(thread, place)?
    } else {
        store::<8>(thread.window(), place, 0)?;
        store::<8>(thread.window(), place.wrapping_add(8), 0)?;
        [0; 3]
    };
    let mut names = match find(thread, &pattern, flags, failed)? {
        Ok(names) => names,
        Err(error) => return Ok(error),
    };
    if names.is_empty() {
        let stands_for_itself =
            flags & NO_MAGIC != 0 && !pattern.is_empty() && !has_magic(&pattern, flags);
        if flags & NO_CHECK == 0 && !stands_for_itself {
            return Ok(NO_MATCH);
        }
        names.push(pattern);
    } else if flags & NO_SORT == 0 {
        names.sort();
    }
    give(thread, place, old, wanted, &names)
}

/// Puts the names behind those that the program has.
fn give(
    thread: &Thread,
    place: u64,
    [count, list, before]: [u64; 3],
    wanted: u64,
    names: &[Vec<u8>],
) -> Result<i32, Failure> {
    let before = if list == 0 { wanted } else { before };
    let total = count.saturating_add(names.len() as u64);
    let entries = total.saturating_add(before).saturating_add(1);
    let new = heap::allocate(thread, entries.saturating_mul(8));
    if new == 0 {
        return Ok(NO_SPACE);
    }
    let entry = |list: u64, index: u64| list.wrapping_add(8 * index);
    for index in 0..before {
        thread.poll()?;
        store::<8>(thread.window(), entry(new, index), 0)?;
    }
    for index in before..before.saturating_add(count) {
        thread.poll()?;
        let name = load::<8>(thread.window(), entry(list, index))?;
        store::<8>(thread.window(), entry(new, index), name)?;
    }
    for (index, name) in (before + count..).zip(names) {
        thread.poll()?;
        let block = heap::allocate(thread, name.len() as u64 + 1);
        if block == 0 {
            return Ok(NO_SPACE);
        }
        write(thread.window(), block, &[&name[..], &[0]].concat())?;
        store::<8>(thread.window(), entry(new, index), block)?;
    }
    store::<8>(thread.window(), entry(new, before + total), 0)?;
    heap::free(thread, list)?;
    for (index, value) in [total, new, before].into_iter().enumerate() {
        store::<8>(thread.window(), entry(place, index as u64), value)?;
    }
    Ok(0)
}

/// Whether a part of a pattern stands for more than itself.
fn has_magic(part: &[u8], flags: i32) -> bool {
    let escapes = flags & NO_ESCAPE == 0;
    let mut bytes = part.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'*' | b'?' | b'[' => return true,
            b'\\' if escapes => drop(bytes.next()),
            _ => {}
        }
    }
    false
}

/// The name that a part without wildcards means.
fn plain(part: &[u8], flags: i32) -> Vec<u8> {
    let mut text = Vec::new();
    let mut bytes = part.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if flags & NO_ESCAPE == 0 => text.extend(bytes.next()),
            other => text.push(*other),
        }
    }
    text
}

/// The names that match, or the number of an error.
fn find(
    thread: &mut Thread,
    pattern: &[u8],
    flags: i32,
    failed: u64,
) -> Result<Result<Vec<Vec<u8>>, i32>, Failure> {
    let mut names = vec![Vec::new()];
    let mut parts = pattern.split_inclusive(|byte| *byte == b'/').peekable();
    while let Some(part) = parts.next() {
        let (part, slash) = match part.split_last() {
            Some((b'/', part)) => (part, true),
            _ => (part, false),
        };
        if has_magic(part, flags) {
            let mut found = Vec::new();
            // A pattern does not mean directories on the way that begin with a dot.
            let how = if slash { flags & !PERIOD } else { flags };
            let Some(pattern) = pattern_of(part, how) else {
                return Ok(Err(NO_SPACE));
            };
            for directory in &names {
                thread.poll()?;
                if found.len() > MOST {
                    return Ok(Err(NO_SPACE));
                }
                match entries(directory) {
                    Ok(list) => found.extend(matching(thread, directory, list, &pattern)?),
                    Err(error) => {
                        if gives_up(thread, directory, &error, flags, failed)? {
                            return Ok(Err(ABORTED));
                        }
                    }
                }
            }
            names = found;
        } else {
            let text = plain(part, flags);
            names.iter_mut().for_each(|name| name.extend(&text));
        }
        let mark = flags & MARK != 0 && parts.peek().is_none();
        names.retain_mut(|name| {
            let is_directory = || fs::metadata(path(name)).is_ok_and(|it| it.is_dir());
            if slash {
                let exists = name.is_empty() || is_directory();
                name.push(b'/');
                return exists;
            }
            let exists = fs::symlink_metadata(path(name)).is_ok();
            if exists && mark && is_directory() {
                name.push(b'/');
            }
            exists
        });
    }
    names.retain(|name| !name.is_empty());
    Ok(Ok(names))
}

fn path(name: &[u8]) -> &OsStr {
    OsStr::from_bytes(name)
}

/// The names in a directory, its own and that of the one above included.
fn entries(directory: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let place = if directory.is_empty() {
        b"."
    } else {
        directory
    };
    let mut names = vec![b".".to_vec(), b"..".to_vec()];
    for entry in fs::read_dir(path(place))? {
        names.push(entry?.file_name().as_bytes().to_vec());
    }
    Ok(names)
}

/// A part of a pattern, if it is not too long.
fn pattern_of(part: &[u8], flags: i32) -> Option<Pattern> {
    let mut how = 0;
    if flags & PERIOD == 0 {
        how |= patterns::PERIOD;
    }
    if flags & NO_ESCAPE != 0 {
        how |= patterns::NO_ESCAPE;
    }
    Pattern::new(part, how)
}

fn matching(
    thread: &Thread,
    directory: &[u8],
    names: Vec<Vec<u8>>,
    pattern: &Pattern,
) -> Result<Vec<Vec<u8>>, Failure> {
    let mut found = Vec::new();
    for name in names {
        thread.poll()?;
        if pattern.is_match(&name, || thread.poll())? {
            found.push([directory, &name].concat());
        }
    }
    Ok(found)
}

/// Tells the program that a directory cannot be read. The result says whether that is the end.
fn gives_up(
    thread: &mut Thread,
    directory: &[u8],
    error: &Error,
    flags: i32,
    failed: u64,
) -> Result<bool, Failure> {
    let error = error.raw_os_error().unwrap_or(libc::EIO);
    // These are no directories, so nothing in them matches.
    if [libc::ENOENT, libc::ENOTDIR].contains(&error) {
        return Ok(false);
    }
    if failed == 0 {
        return Ok(flags & ERRORS != 0);
    }
    let block = heap::allocate(thread, directory.len() as u64 + 1);
    if block == 0 {
        return Ok(true);
    }
    write(thread.window(), block, &[directory, &[0]].concat())?;
    let called = thread.call_back(failed, &[block, error as u64]);
    heap::free(thread, block)?;
    Ok(called? as i32 != 0 || flags & ERRORS != 0)
}
