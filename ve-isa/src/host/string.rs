//! `string.h` and `strings.h`: strings.

use std::ffi::{CStr, c_char, c_int};

use super::call::{
    ByteReader, Outcome, Table, c_text, int, load, result, result_int, store, text, text_up_to,
    word, write,
};
use super::heap;
use super::memory::{fill, position};
use crate::memory::Window;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("strlen", |thread| length(thread, u64::MAX)),
    ("strnlen", |thread| {
        let limit = word(thread, 1);
        length(thread, limit)
    }),
    ("strcpy", |thread| copy(thread, false)),
    ("stpcpy", |thread| copy(thread, true)),
    ("__strcpy_chk", |thread| copy(thread, false)),
    ("__stpcpy_chk", |thread| copy(thread, true)),
    ("strncpy", |thread| copy_padded(thread, false)),
    ("stpncpy", |thread| copy_padded(thread, true)),
    ("__strncpy_chk", |thread| copy_padded(thread, false)),
    ("strcat", |thread| append(thread, u64::MAX)),
    ("__strcat_chk", |thread| append(thread, u64::MAX)),
    ("strncat", |thread| {
        let limit = word(thread, 2);
        append(thread, limit)
    }),
    ("__strncat_chk", |thread| {
        let limit = word(thread, 2);
        append(thread, limit)
    }),
    ("strlcpy", copy_bounded),
    ("strlcat", append_bounded),
    ("strcmp", |thread| compare(thread, u64::MAX, |byte| byte)),
    ("strcoll", |thread| compare(thread, u64::MAX, |byte| byte)),
    ("strncmp", |thread| {
        let limit = word(thread, 2);
        compare(thread, limit, |byte| byte)
    }),
    ("strcasecmp", |thread| {
        compare(thread, u64::MAX, |byte| byte.to_ascii_lowercase())
    }),
    ("strncasecmp", |thread| {
        let limit = word(thread, 2);
        compare(thread, limit, |byte| byte.to_ascii_lowercase())
    }),
    ("strxfrm", transform),
    ("strchr", |thread| find(thread, false)),
    ("index", |thread| find(thread, false)),
    ("strchrnul", |thread| find(thread, true)),
    ("strrchr", find_last),
    ("rindex", find_last),
    ("strstr", |thread| find_text(thread, |byte| byte)),
    ("strcasestr", |thread| {
        find_text(thread, |byte| byte.to_ascii_lowercase())
    }),
    ("strspn", |thread| span(thread, true)),
    ("strcspn", |thread| span(thread, false)),
    ("strpbrk", find_any),
    ("strtok", |thread| {
        // The place of the rest is the thread's own.
        let rest = thread.private().start + TOKEN_REST;
        next_token(thread, rest)
    }),
    ("strtok_r", |thread| {
        let rest = word(thread, 2);
        next_token(thread, rest)
    }),
    ("__strtok_r", |thread| {
        let rest = word(thread, 2);
        next_token(thread, rest)
    }),
    ("strsep", separate),
    ("strdup", |thread| duplicate(thread, u64::MAX)),
    ("__strdup", |thread| duplicate(thread, u64::MAX)),
    ("strndup", |thread| {
        let limit = word(thread, 1);
        duplicate(thread, limit)
    }),
    ("strsignal", |thread| {
        let number = int(thread, 0);
        // Those from 32 on have texts with their numbers.
        let is_known = (1..32).contains(&number);
        give_text(thread, "signal", number, is_known, signal_text(number))
    }),
    ("strerror", describe_error),
    ("__xpg_strerror_r", describe_error_into),
    ("strerror_r", describe_error_perhaps_into),
    ("strverscmp", |thread| {
        let [left, right] = [0, 1].map(|number| c_text(thread.window(), word(thread, number)));
        let order = compare_versions(&left?, &right?);
        result_int(thread, order)
    }),
];

/// The text for a signal.
pub(super) fn signal_text(number: i32) -> Vec<u8> {
    // SAFETY: the C library's text is a string, and stays until the next call of this thread.
    let name = unsafe { CStr::from_ptr(libc::strsignal(number)) };
    let mut bytes = name.to_bytes().to_vec();
    bytes.truncate(127);
    bytes
}

/// Compares names with numbers in them, as `strverscmp` does.
pub(super) fn compare_versions(left: &CStr, right: &CStr) -> i32 {
    unsafe extern "C" {
        fn strverscmp(left: *const c_char, right: *const c_char) -> c_int;
    }
    // SAFETY: both are strings.
    unsafe { strverscmp(left.as_ptr(), right.as_ptr()) }
}

/// Where the thread's own memory has the rest of what `strtok` splits, and the text of `strerror`.
const TOKEN_REST: u64 = 8;
const ERROR_TEXT: u64 = 256;

fn length_of(window: &Window, start: u64, limit: u64) -> Result<u64, Failure> {
    let mut reader = ByteReader::new(window, start);
    let mut length = 0;
    while length < limit && reader.byte()? != 0 {
        length += 1;
    }
    Ok(length)
}

fn length(thread: &mut Thread, limit: u64) -> Outcome {
    let length = length_of(thread.window(), word(thread, 0), limit)?;
    result(thread, length)
}

fn copy(thread: &mut Thread, end: bool) -> Outcome {
    let to = word(thread, 0);
    let mut bytes = text(thread.window(), word(thread, 1))?;
    let length = bytes.len() as u64;
    bytes.push(0);
    write(thread.window(), to, &bytes)?;
    result(thread, if end { to.wrapping_add(length) } else { to })
}

fn copy_padded(thread: &mut Thread, end: bool) -> Outcome {
    let (to, length) = (word(thread, 0), word(thread, 2));
    let bytes = text_up_to(thread.window(), word(thread, 1), length)?;
    write(thread.window(), to, &bytes)?;
    let copied = bytes.len() as u64;
    let behind = to.wrapping_add(copied);
    fill(thread.window(), behind, 0, length - copied)?;
    result(thread, if end { behind } else { to })
}

fn append(thread: &mut Thread, limit: u64) -> Outcome {
    let to = word(thread, 0);
    let window = thread.window();
    let end = to.wrapping_add(length_of(window, to, u64::MAX)?);
    let mut bytes = text_up_to(window, word(thread, 1), limit)?;
    bytes.push(0);
    write(window, end, &bytes)?;
    result(thread, to)
}

fn copy_bounded(thread: &mut Thread) -> Outcome {
    let (to, room) = (word(thread, 0), word(thread, 2));
    let mut bytes = text(thread.window(), word(thread, 1))?;
    let length = bytes.len() as u64;
    if room > 0 {
        bytes.truncate((room - 1).min(length) as usize);
        bytes.push(0);
        write(thread.window(), to, &bytes)?;
    }
    result(thread, length)
}

fn append_bounded(thread: &mut Thread) -> Outcome {
    let (to, room) = (word(thread, 0), word(thread, 2));
    let window = thread.window();
    let before = length_of(window, to, room)?;
    let mut bytes = text(window, word(thread, 1))?;
    let length = bytes.len() as u64;
    if before < room {
        bytes.truncate((room - before - 1).min(length) as usize);
        bytes.push(0);
        write(window, to.wrapping_add(before), &bytes)?;
    }
    result(thread, before + length)
}

fn compare(thread: &mut Thread, limit: u64, fold: impl Fn(u8) -> u8) -> Outcome {
    let window = thread.window();
    let mut left = ByteReader::new(window, word(thread, 0));
    let mut right = ByteReader::new(window, word(thread, 1));
    let mut difference = 0;
    for _ in 0..limit {
        let (a, b) = (fold(left.byte()?), fold(right.byte()?));
        difference = i32::from(a) - i32::from(b);
        if difference != 0 || a == 0 {
            break;
        }
    }
    result_int(thread, difference)
}

/// In the one locale there is, a string sorts as it is.
fn transform(thread: &mut Thread) -> Outcome {
    copy_bounded(thread)
}

fn find(thread: &mut Thread, or_end: bool) -> Outcome {
    let wanted = int(thread, 1) as u8;
    let mut reader = ByteReader::new(thread.window(), word(thread, 0));
    loop {
        let address = reader.address();
        let byte = reader.byte()?;
        if byte == wanted {
            return result(thread, address);
        }
        if byte == 0 {
            return result(thread, if or_end { address } else { 0 });
        }
    }
}

fn find_last(thread: &mut Thread) -> Outcome {
    let (start, wanted) = (word(thread, 0), int(thread, 1) as u8);
    let mut bytes = text(thread.window(), start)?;
    bytes.push(0);
    let last = bytes.iter().rposition(|byte| *byte == wanted);
    result(
        thread,
        last.map_or(0, |last| start.wrapping_add(last as u64)),
    )
}

fn find_text(thread: &mut Thread, fold: impl Fn(u8) -> u8) -> Outcome {
    let start = word(thread, 0);
    let folded = |number: usize| -> Result<Vec<u8>, Failure> {
        let bytes = text(thread.window(), word(thread, number))?;
        Ok(bytes.into_iter().map(&fold).collect())
    };
    let (bytes, part) = (folded(0)?, folded(1)?);
    let found = position(&bytes, &part);
    result(thread, found.map_or(0, |at| start.wrapping_add(at as u64)))
}

/// How many bytes from the start are in the set, or are not.
fn span_of(window: &Window, start: u64, set: &[u8], inside: bool) -> Result<u64, Failure> {
    let mut reader = ByteReader::new(window, start);
    let mut length = 0;
    loop {
        let byte = reader.byte()?;
        if byte == 0 || set.contains(&byte) != inside {
            return Ok(length);
        }
        length += 1;
    }
}

fn span(thread: &mut Thread, inside: bool) -> Outcome {
    let set = text(thread.window(), word(thread, 1))?;
    let length = span_of(thread.window(), word(thread, 0), &set, inside)?;
    result(thread, length)
}

fn find_any(thread: &mut Thread) -> Outcome {
    let start = word(thread, 0);
    let window = thread.window();
    let set = text(window, word(thread, 1))?;
    let found = start.wrapping_add(span_of(window, start, &set, false)?);
    let at_end = load::<1>(window, found)? == 0;
    result(thread, if at_end { 0 } else { found })
}

fn next_token(thread: &mut Thread, rest: u64) -> Outcome {
    let window = thread.window();
    let mut start = word(thread, 0);
    if start == 0 {
        start = load::<8>(window, rest)?;
    }
    if start == 0 {
        return result(thread, 0);
    }
    let set = text(window, word(thread, 1))?;
    start = start.wrapping_add(span_of(window, start, &set, true)?);
    let length = span_of(window, start, &set, false)?;
    let end = start.wrapping_add(length);
    let mut after = end;
    if load::<1>(window, end)? != 0 {
        store::<1>(window, end, 0)?;
        after = end.wrapping_add(1);
    }
    store::<8>(window, rest, after)?;
    result(thread, if length == 0 { 0 } else { start })
}

fn separate(thread: &mut Thread) -> Outcome {
    let place = word(thread, 0);
    let window = thread.window();
    let start = load::<8>(window, place)?;
    if start == 0 {
        return result(thread, 0);
    }
    let set = text(window, word(thread, 1))?;
    let end = start.wrapping_add(span_of(window, start, &set, false)?);
    if load::<1>(window, end)? == 0 {
        store::<8>(window, place, 0)?;
    } else {
        store::<1>(window, end, 0)?;
        store::<8>(window, place, end.wrapping_add(1))?;
    }
    result(thread, start)
}

fn duplicate(thread: &mut Thread, limit: u64) -> Outcome {
    let mut bytes = text_up_to(thread.window(), word(thread, 0), limit)?;
    bytes.push(0);
    let address = heap::allocate(thread, bytes.len() as u64);
    if address != 0 {
        write(thread.window(), address, &bytes)?;
    }
    result(thread, address)
}

/// The host C library's text for an error.
pub(super) fn error_text(number: i32) -> Vec<u8> {
    let mut buffer = [0_u8; 128];
    // SAFETY: the buffer has the length that is passed, and the call ends it with a 0.
    unsafe { libc::strerror_r(number, buffer.as_mut_ptr().cast(), buffer.len()) };
    let end = buffer.iter().position(|byte| *byte == 0);
    buffer[..end.unwrap_or(0)].to_vec()
}

fn describe_error(thread: &mut Thread) -> Outcome {
    let number = int(thread, 0);
    let is_known = is_known_error(number);
    give_text(thread, "error", number, is_known, error_text(number))
}

fn is_known_error(number: i32) -> bool {
    /// The largest number of an error on Linux, and those below that no error has.
    const LAST: i32 = 133;
    const UNUSED: [i32; 2] = [41, 58];
    (0..=LAST).contains(&number) && !UNUSED.contains(&number)
}

/// Gives the text for a number. Each known number has a text of its own, which stays; the others share one for each thread.
fn give_text(
    thread: &mut Thread,
    kind: &str,
    number: i32,
    is_known: bool,
    mut bytes: Vec<u8>,
) -> Outcome {
    bytes.push(0);
    if is_known {
        let place = thread.lasting(format!("{kind} {number}"), || bytes);
        return result(thread, place.unwrap_or(0));
    }
    let place = thread.private().start + ERROR_TEXT;
    write(thread.window(), place, &bytes)?;
    result(thread, place)
}

/// `strerror_r` as POSIX has it: the text goes to the caller's memory, the result is the number of an error.
fn describe_error_into(thread: &mut Thread) -> Outcome {
    let (number, to, room) = (int(thread, 0), word(thread, 1), word(thread, 2));
    let is_cut = write_cut(thread, &error_text(number), to, room)?;
    let error = match number {
        _ if !is_known_error(number) => libc::EINVAL,
        _ if is_cut => libc::ERANGE,
        _ => 0,
    };
    result_int(thread, error)
}

/// `strerror_r` as the C library of Linux has it: the result is the text, which is in the caller's memory only if the number is unknown.
fn describe_error_perhaps_into(thread: &mut Thread) -> Outcome {
    let (number, to, room) = (int(thread, 0), word(thread, 1), word(thread, 2));
    if is_known_error(number) {
        return describe_error(thread);
    }
    write_cut(thread, &error_text(number), to, room)?;
    result(thread, to)
}

/// Writes a text with a 0 behind it, as much as there is room for. The result says whether something is missing.
fn write_cut(thread: &Thread, text: &[u8], to: u64, room: u64) -> Result<bool, Failure> {
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    if let Some(most) = room.checked_sub(1) {
        let bytes = [&text[..text.len().min(most)], &[0]].concat();
        write(thread.window(), to, &bytes)?;
    }
    Ok(text.len() >= room)
}
