//! `ftw.h`, and `scandir`: all files below a directory, and those in one.

use std::collections::HashSet;
use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;

use super::call::{
    Outcome, Table, c_text, copy_errno, int, load, result_int, set_errno, store, word, write,
};
use super::directories::{self, ENTRY};
use super::heap;
use super::posix::store_status_at;
use super::string::compare_versions;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("ftw", |thread| walk(thread, None)),
    ("ftw64", |thread| walk(thread, None)),
    ("nftw", |thread| {
        let flags = int(thread, 3);
        walk(thread, Some(flags))
    }),
    ("nftw64", |thread| {
        let flags = int(thread, 3);
        walk(thread, Some(flags))
    }),
    ("scandir", scan),
    ("scandir64", scan),
    ("alphasort", |thread| {
        let order = entry_name(thread, 0)?.cmp(&entry_name(thread, 1)?);
        result_int(thread, order as i32)
    }),
    ("versionsort", |thread| {
        let order = compare_versions(&entry_name(thread, 0)?, &entry_name(thread, 1)?);
        result_int(thread, order)
    }),
];

/// The name in a directory entry, of which an argument points to the address.
fn entry_name(thread: &Thread, number: usize) -> Result<CString, Failure> {
    let entry = load::<8>(thread.window(), word(thread, number))?;
    c_text(
        thread.window(),
        entry.wrapping_add(directories::NAME as u64),
    )
}

/// Links are not followed.
const PHYSICAL: i32 = 1;
/// Other file systems are left out.
const MOUNT: i32 = 2;
/// A directory comes behind what is in it.
const DEPTH: i32 = 8;

/// The kinds of files, as the program's function is told.
mod kind {
    pub(super) const FILE: i32 = 0;
    pub(super) const DIRECTORY: i32 = 1;
    pub(super) const UNREADABLE: i32 = 2;
    pub(super) const UNKNOWN: i32 = 3;
    pub(super) const LINK: i32 = 4;
    pub(super) const DIRECTORY_DONE: i32 = 5;
    pub(super) const BROKEN_LINK: i32 = 6;
}

/// A file that was found, or a directory that is left.
struct FoundFile {
    path: Vec<u8>,
    level: u64,
    /// Its kind, if everything below it has been told.
    done: Option<i32>,
}

/// Bytes of the function's arguments beside the path, and the longest path.
const STATUS: u64 = 144;
const PLACE: u64 = 16;
const LONGEST: u64 = 1 << 16;

fn walk(thread: &mut Thread, flags: Option<i32>) -> Outcome {
    let start = c_text(thread.window(), word(thread, 0))?.into_bytes();
    let function = word(thread, 1);
    if flags.is_some_and(|flags| flags & !(PHYSICAL | MOUNT | DEPTH) != 0) {
        thread.note("nftw is asked for more than FTW_PHYS, FTW_MOUNT and FTW_DEPTH: EINVAL");
        set_errno(thread, libc::EINVAL);
        return result_int(thread, -1);
    }
    let block = heap::allocate(thread, STATUS + PLACE + LONGEST);
    if block == 0 {
        set_errno(thread, libc::ENOMEM);
        return result_int(thread, -1);
    }
    let end = walk_from(thread, start, function, flags, block);
    heap::free(thread, block)?;
    match end? {
        Ok(value) => result_int(thread, value),
        Err(error) => {
            set_errno(thread, error);
            result_int(thread, -1)
        }
    }
}

/// The result is the first one of the function that is not 0, or the number of an error.
fn walk_from(
    thread: &mut Thread,
    start: Vec<u8>,
    function: u64,
    flags: Option<i32>,
    block: u64,
) -> Result<Result<i32, i32>, Failure> {
    let is_set = |flag| flags.unwrap_or(0) & flag != 0;
    let mut seen = HashSet::new();
    let mut device = None;
    let mut left = vec![FoundFile {
        path: start,
        level: 0,
        done: None,
    }];
    while let Some(found) = left.pop() {
        thread.poll()?;
        let Ok(path) = CString::new(found.path.clone()) else {
            return Ok(Err(libc::EINVAL));
        };
        if path.as_bytes().len() as u64 >= LONGEST {
            return Ok(Err(libc::ENAMETOOLONG));
        }
        let (status, what) = match (found.done, status(&path, is_set(PHYSICAL))) {
            (Some(kind), Some((status, _))) => (Some(status), kind),
            (_, Some((status, what))) => (Some(status), what),
            (_, None) if found.level == 0 => return Ok(Err(last_error())),
            (_, None) => (None, kind::UNKNOWN),
        };
        let mut what = what;
        if let Some(status) = &status {
            if is_set(MOUNT) && *device.get_or_insert(status.st_dev) != status.st_dev {
                continue;
            }
            let mut is_new = || seen.insert((status.st_dev, status.st_ino));
            if what == kind::DIRECTORY && found.done.is_none() {
                // Where links are followed, a directory may lie below itself.
                if !is_new() && !is_set(PHYSICAL) {
                    continue;
                }
                match directories::list(&found.path) {
                    Ok(entries) => {
                        if is_set(DEPTH) {
                            left.push(FoundFile {
                                path: found.path.clone(),
                                level: found.level,
                                done: Some(kind::DIRECTORY_DONE),
                            });
                        }
                        let own = left.len();
                        left.extend(below(&found, entries));
                        // The first one is told first.
                        left[own..].reverse();
                        if is_set(DEPTH) {
                            continue;
                        }
                    }
                    Err(_) => what = kind::UNREADABLE,
                }
            }
        }
        let value = tell(thread, &found, status, what, function, flags, block)?;
        if value != 0 {
            return Ok(Ok(value));
        }
    }
    Ok(Ok(0))
}

fn below(
    found: &FoundFile,
    entries: Vec<crate::process::DirectoryEntry>,
) -> impl Iterator<Item = FoundFile> {
    let entries = entries
        .into_iter()
        .filter(|entry| ![&b"."[..], b".."].contains(&&entry.name[..]));
    entries.map(|entry| {
        let slash: &[u8] = if found.path.ends_with(b"/") {
            b""
        } else {
            b"/"
        };
        FoundFile {
            path: [&found.path[..], slash, &entry.name].concat(),
            level: found.level + 1,
            done: None,
        }
    })
}

fn last_error() -> i32 {
    let error = std::io::Error::last_os_error();
    error.raw_os_error().unwrap_or(libc::EIO)
}

/// The status of a file, and its kind.
fn status(path: &CStr, physical: bool) -> Option<(libc::stat, i32)> {
    let ask = |how: unsafe extern "C" fn(*const libc::c_char, *mut libc::stat) -> libc::c_int| {
        let mut status = MaybeUninit::<libc::stat>::uninit();
        // SAFETY: the path is a string, and the place has room. Where the call succeeds it has filled the place.
        unsafe { (how(path.as_ptr(), status.as_mut_ptr()) == 0).then(|| status.assume_init()) }
    };
    let followed = if physical { None } else { ask(libc::stat) };
    let (status, is_followed) = match followed {
        Some(status) => (status, true),
        None => (ask(libc::lstat)?, false),
    };
    let what = match status.st_mode & libc::S_IFMT {
        libc::S_IFDIR => kind::DIRECTORY,
        libc::S_IFLNK if physical => kind::LINK,
        libc::S_IFLNK => kind::BROKEN_LINK,
        _ if is_followed || physical => kind::FILE,
        _ => kind::UNKNOWN,
    };
    Some((status, what))
}

/// Calls the function of the program for a file.
fn tell(
    thread: &mut Thread,
    found: &FoundFile,
    status: Option<libc::stat>,
    what: i32,
    function: u64,
    flags: Option<i32>,
    block: u64,
) -> Result<i32, Failure> {
    let (at_status, at_place) = (block, block + STATUS);
    let at_path = at_place + PLACE;
    if let Some(status) = &status {
        store_status_at(thread, at_status, status)?;
    }
    write(thread.window(), at_path, &[&found.path[..], &[0]].concat())?;
    let base = found.path.iter().rposition(|byte| *byte == b'/');
    let base = base.filter(|at| at + 1 < found.path.len());
    let base = base.map_or(0, |at| at + 1) as u64;
    store::<4>(thread.window(), at_place, base)?;
    store::<4>(thread.window(), at_place + 4, found.level)?;
    let mut words = vec![at_path, at_status, what as u64];
    if flags.is_some() {
        words.push(at_place);
    } else if what == kind::BROKEN_LINK {
        // The older function does not know links.
        words[2] = kind::UNKNOWN as u64;
    }
    Ok(thread.call_back(function, &words)? as i32)
}

/// A list of the entries of a directory, chosen and sorted by functions of the program.
fn scan(thread: &mut Thread) -> Outcome {
    let path = c_text(thread.window(), word(thread, 0))?;
    let [place, chooses, orders] = [1, 2, 3].map(|number| word(thread, number));
    let Ok(entries) = directories::list(path.as_bytes()) else {
        copy_errno(thread);
        return result_int(thread, -1);
    };
    let mut blocks = Vec::new();
    for (position, entry) in (1..).zip(&entries) {
        let block = heap::allocate(thread, ENTRY);
        if block == 0 {
            set_errno(thread, libc::ENOMEM);
            return result_int(thread, -1);
        }
        write(thread.window(), block, &directories::bytes(entry, position))?;
        if chooses == 0 || thread.call_back(chooses, &[block])? as i32 != 0 {
            blocks.push(block);
        } else {
            heap::free(thread, block)?;
        }
    }
    let list = heap::allocate(thread, 8 * blocks.len() as u64);
    if list == 0 {
        set_errno(thread, libc::ENOMEM);
        return result_int(thread, -1);
    }
    for (index, block) in blocks.iter().enumerate() {
        store::<8>(thread.window(), list + 8 * index as u64, *block)?;
    }
    store::<8>(thread.window(), place, list)?;
    if orders != 0 {
        super::sorting::sort_words(thread, list, blocks.len() as u64, orders)?;
    }
    result_int(thread, blocks.len() as i32)
}
