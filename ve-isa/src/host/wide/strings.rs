//! Strings and blocks of wide characters.

use super::super::call::{Outcome, Table, load, result, result_int, store, word};
use super::super::heap;
use super::super::memory::move_bytes;
use super::{Characters, SIZE, at, put, wide, wide_up_to};
use crate::memory::Window;
use crate::thread::{Failure, Thread};

pub(in crate::host) const TABLE: Table = &[
    ("wcslen", |thread| length(thread, u64::MAX)),
    ("wcsnlen", |thread| {
        let limit = word(thread, 1);
        length(thread, limit)
    }),
    ("wcscpy", |thread| copy(thread, false)),
    ("wcpcpy", |thread| copy(thread, true)),
    ("wcsncpy", |thread| copy_padded(thread, false)),
    ("wcpncpy", |thread| copy_padded(thread, true)),
    ("wcscat", |thread| append(thread, u64::MAX)),
    ("wcsncat", |thread| {
        let limit = word(thread, 2);
        append(thread, limit)
    }),
    ("wcscmp", |thread| compare(thread, u64::MAX, |c| c)),
    ("wcscoll", |thread| compare(thread, u64::MAX, |c| c)),
    ("wcsncmp", |thread| {
        let limit = word(thread, 2);
        compare(thread, limit, |c| c)
    }),
    ("wcscasecmp", |thread| compare(thread, u64::MAX, lower)),
    ("wcsncasecmp", |thread| {
        let limit = word(thread, 2);
        compare(thread, limit, lower)
    }),
    // A string sorts as it is.
    ("wcsxfrm", |thread| {
        let (to, room) = (word(thread, 0), word(thread, 2));
        let mut text = wide(thread.window(), word(thread, 1))?;
        let length = text.len() as u64;
        if room > 0 {
            text.truncate((room - 1).min(length) as usize);
            text.push(0);
            put(thread, to, &text)?;
        }
        result(thread, length)
    }),
    ("wcschr", |thread| {
        let wanted = word(thread, 1) as u32;
        let mut reader = Characters::new(thread.window(), word(thread, 0));
        loop {
            let address = reader.address();
            let character = reader.next()?;
            if character == wanted {
                return result(thread, address);
            }
            if character == 0 {
                return result(thread, 0);
            }
        }
    }),
    ("wcsrchr", |thread| {
        let (start, wanted) = (word(thread, 0), word(thread, 1) as u32);
        let mut text = wide(thread.window(), start)?;
        text.push(0);
        let last = text.iter().rposition(|character| *character == wanted);
        result(thread, last.map_or(0, |last| at(start, last as u64)))
    }),
    ("wcsstr", find_text),
    ("wcswcs", find_text),
    ("wcsspn", |thread| {
        let set = wide(thread.window(), word(thread, 1))?;
        let length = span(thread.window(), word(thread, 0), &set, true)?;
        result(thread, length)
    }),
    ("wcscspn", |thread| {
        let set = wide(thread.window(), word(thread, 1))?;
        let length = span(thread.window(), word(thread, 0), &set, false)?;
        result(thread, length)
    }),
    ("wcspbrk", |thread| {
        let start = word(thread, 0);
        let set = wide(thread.window(), word(thread, 1))?;
        let found = at(start, span(thread.window(), start, &set, false)?);
        let end = load::<4>(thread.window(), found)? as u32 == 0;
        result(thread, if end { 0 } else { found })
    }),
    ("wcstok", next_token),
    ("wcsdup", |thread| {
        let mut text = wide(thread.window(), word(thread, 0))?;
        text.push(0);
        let block = heap::allocate(thread, SIZE * text.len() as u64);
        if block != 0 {
            put(thread, block, &text)?;
        }
        result(thread, block)
    }),
    ("wmemcpy", |thread| copy_block(thread, false)),
    ("wmemmove", |thread| copy_block(thread, false)),
    ("wmempcpy", |thread| copy_block(thread, true)),
    ("wmemset", |thread| {
        let (to, value, length) = (word(thread, 0), word(thread, 1), word(thread, 2));
        for number in 0..length {
            store::<4>(thread.window(), at(to, number), value)?;
        }
        result(thread, to)
    }),
    ("wmemcmp", |thread| {
        let mut left = Characters::new(thread.window(), word(thread, 0));
        let mut right = Characters::new(thread.window(), word(thread, 1));
        let mut order = 0;
        for _ in 0..word(thread, 2) {
            order = signed_order(left.next()?, right.next()?);
            if order != 0 {
                break;
            }
        }
        result_int(thread, order)
    }),
    ("wmemchr", |thread| {
        let wanted = word(thread, 1) as u32;
        let mut reader = Characters::new(thread.window(), word(thread, 0));
        for _ in 0..word(thread, 2) {
            let address = reader.address();
            if reader.next()? == wanted {
                return result(thread, address);
            }
        }
        result(thread, 0)
    }),
];

fn lower(character: u32) -> u32 {
    match super::narrow(character) {
        Some(byte) => byte.to_ascii_lowercase().into(),
        None => character,
    }
}

/// A wide character is a signed number.
fn signed_order(left: u32, right: u32) -> i32 {
    (left as i32).cmp(&(right as i32)) as i32
}

fn length(thread: &mut Thread, limit: u64) -> Outcome {
    let mut reader = Characters::new(thread.window(), word(thread, 0));
    let mut length = 0;
    while length < limit && reader.next()? != 0 {
        length += 1;
    }
    result(thread, length)
}

fn copy(thread: &mut Thread, end: bool) -> Outcome {
    let to = word(thread, 0);
    let mut text = wide(thread.window(), word(thread, 1))?;
    text.push(0);
    put(thread, to, &text)?;
    let length = text.len() as u64 - 1;
    result(thread, if end { at(to, length) } else { to })
}

fn copy_padded(thread: &mut Thread, end: bool) -> Outcome {
    let (to, length) = (word(thread, 0), word(thread, 2));
    let text = wide_up_to(thread.window(), word(thread, 1), length)?;
    put(thread, to, &text)?;
    let copied = text.len() as u64;
    for number in copied..length {
        store::<4>(thread.window(), at(to, number), 0)?;
    }
    result(thread, if end { at(to, copied) } else { to })
}

fn append(thread: &mut Thread, limit: u64) -> Outcome {
    let to = word(thread, 0);
    let before = wide(thread.window(), to)?.len() as u64;
    let mut text = wide_up_to(thread.window(), word(thread, 1), limit)?;
    text.push(0);
    put(thread, at(to, before), &text)?;
    result(thread, to)
}

fn compare(thread: &mut Thread, limit: u64, fold: fn(u32) -> u32) -> Outcome {
    let mut left = Characters::new(thread.window(), word(thread, 0));
    let mut right = Characters::new(thread.window(), word(thread, 1));
    let mut order = 0;
    for _ in 0..limit {
        let (a, b) = (fold(left.next()?), fold(right.next()?));
        order = signed_order(a, b);
        if order != 0 || a == 0 {
            break;
        }
    }
    result_int(thread, order)
}

fn find_text(thread: &mut Thread) -> Outcome {
    let start = word(thread, 0);
    let text = wide(thread.window(), start)?;
    let part = wide(thread.window(), word(thread, 1))?;
    let last = text.len().checked_sub(part.len());
    let found = last.and_then(|last| (0..=last).find(|from| text[*from..].starts_with(&part)));
    result(thread, found.map_or(0, |found| at(start, found as u64)))
}

/// How many characters from the start are in the set, or are not.
fn span(window: &Window, start: u64, set: &[u32], inside: bool) -> Result<u64, Failure> {
    let mut reader = Characters::new(window, start);
    let mut length = 0;
    loop {
        let character = reader.next()?;
        if character == 0 || set.contains(&character) != inside {
            return Ok(length);
        }
        length += 1;
    }
}

fn next_token(thread: &mut Thread) -> Outcome {
    let (text, rest) = (word(thread, 0), word(thread, 2));
    let window = thread.window();
    let start = if text == 0 {
        load::<8>(window, rest)?
    } else {
        text
    };
    if start == 0 {
        return result(thread, 0);
    }
    let set = wide(window, word(thread, 1))?;
    let start = at(start, span(window, start, &set, true)?);
    let length = span(window, start, &set, false)?;
    let end = at(start, length);
    let mut after = 0;
    if load::<4>(window, end)? as u32 != 0 {
        store::<4>(window, end, 0)?;
        after = at(end, 1);
    }
    store::<8>(window, rest, after)?;
    result(thread, if length == 0 { 0 } else { start })
}

fn copy_block(thread: &mut Thread, end: bool) -> Outcome {
    let (to, from, length) = (word(thread, 0), word(thread, 1), word(thread, 2));
    let bytes = length.saturating_mul(SIZE);
    move_bytes(thread.window(), to, from, bytes)?;
    result(thread, if end { at(to, length) } else { to })
}
