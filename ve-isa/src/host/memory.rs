//! `string.h`: blocks of memory.

use super::call::{
    ByteReader, CHUNK, Outcome, Table, bad_pointer, int, load, read_bits, result, result_int,
    store, word, write,
};
use crate::check::host;
use crate::memory::Window;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("memcpy", |thread| copy(thread, 0)),
    ("memmove", |thread| copy(thread, 0)),
    ("__memcpy_chk", |thread| copy(thread, 0)),
    ("__memmove_chk", |thread| copy(thread, 0)),
    ("__vec_memcpy", |thread| copy(thread, 0)),
    ("__vec_memmove", |thread| copy(thread, 0)),
    ("mempcpy", |thread| {
        let length = word(thread, 2);
        copy(thread, length)
    }),
    ("__mempcpy_chk", |thread| {
        let length = word(thread, 2);
        copy(thread, length)
    }),
    ("explicit_bzero", |thread| {
        fill(thread.window(), word(thread, 0), 0, word(thread, 1))
    }),
    ("swab", |thread| {
        let (from, to, length) = (word(thread, 0), word(thread, 1), word(thread, 2) as i64);
        for pair in 0..(length / 2).max(0) as u64 {
            let two = load::<2>(thread.window(), from.wrapping_add(2 * pair))?;
            let swapped = (two as u16).swap_bytes();
            store::<2>(thread.window(), to.wrapping_add(2 * pair), swapped.into())?;
        }
        Ok(())
    }),
    ("memset", set),
    ("__memset_chk", set),
    ("__vec_memset", set),
    ("bzero", |thread| {
        fill(thread.window(), word(thread, 0), 0, word(thread, 1))
    }),
    ("bcopy", |thread| {
        move_bytes(
            thread.window(),
            word(thread, 1),
            word(thread, 0),
            word(thread, 2),
        )
    }),
    ("memcmp", compare),
    ("bcmp", compare),
    ("memchr", find),
    ("rawmemchr", find_without_end),
    ("memrchr", find_last),
    ("memmem", find_block),
    ("memccpy", copy_until),
];

/// Copies; ranges may overlap.
pub(super) fn move_bytes(window: &Window, to: u64, from: u64, length: u64) -> Outcome {
    let down = from < to && to - from < length;
    let mut buffer = vec![0; length.min(CHUNK) as usize];
    let mut done = 0;
    while done < length {
        let part = (length - done).min(CHUNK);
        let offset = if down { length - done - part } else { done };
        let bytes = &mut buffer[..part as usize];
        let (to, from) = (to.wrapping_add(offset), from.wrapping_add(offset));
        let undefined = host::bits(window, from, part);
        read_bits(window, from, bytes)?;
        write(window, to, bytes)?;
        host::set_bits(window, to, &undefined);
        done += part;
    }
    Ok(())
}

/// Sets bytes.
pub(super) fn fill(window: &Window, to: u64, value: u8, length: u64) -> Outcome {
    let buffer = vec![value; length.min(CHUNK) as usize];
    let mut done = 0;
    while done < length {
        let part = (length - done).min(CHUNK);
        write(window, to.wrapping_add(done), &buffer[..part as usize])?;
        done += part;
    }
    Ok(())
}

fn copy(thread: &mut Thread, further: u64) -> Outcome {
    let (to, from, length) = (word(thread, 0), word(thread, 1), word(thread, 2));
    if length <= 256 {
        let mut buffer = [0; 256];
        let bytes = &mut buffer[..length as usize];
        let undefined = host::bits(thread.window(), from, length);
        read_bits(thread.window(), from, bytes)?;
        write(thread.window(), to, bytes)?;
        host::set_bits(thread.window(), to, &undefined);
    } else {
        move_bytes(thread.window(), to, from, length)?;
    }
    result(thread, to.wrapping_add(further))
}

fn set(thread: &mut Thread) -> Outcome {
    let (to, value, length) = (word(thread, 0), word(thread, 1) as u8, word(thread, 2));
    fill(thread.window(), to, value, length)?;
    result(thread, to)
}

fn compare(thread: &mut Thread) -> Outcome {
    let (left, right, length) = (word(thread, 0), word(thread, 1), word(thread, 2));
    let window = thread.window();
    let (mut bytes, mut others) = ([0; 4096], [0; 4096]);
    let mut done = 0;
    while done < length {
        // Small at first: most differ at once, or are short.
        let step = if done == 0 { 64 } else { 4096 };
        let part = (length - done).min(step) as usize;
        let (left, right) = (left.wrapping_add(done), right.wrapping_add(done));
        read_bits(window, left, &mut bytes[..part])?;
        read_bits(window, right, &mut others[..part])?;
        let mut pairs = bytes[..part].iter().zip(&others[..part]);
        let differing = pairs.position(|(a, b)| a != b);
        // The bytes behind it decide nothing.
        let used = differing.map_or(part, |at| at + 1) as u64;
        host::used(window, left, used)?;
        host::used(window, right, used)?;
        if let Some((a, b)) = differing.map(|at| (bytes[at], others[at])) {
            let difference = i32::from(a) - i32::from(b);
            return result_int(thread, difference);
        }
        done += part as u64;
    }
    result(thread, 0)
}

fn find(thread: &mut Thread) -> Outcome {
    let (start, value, length) = (word(thread, 0), int(thread, 1) as u8, word(thread, 2));
    let mut reader = ByteReader::new(thread.window(), start);
    for _ in 0..length {
        let address = reader.address();
        if reader.byte()? == value {
            return result(thread, address);
        }
    }
    result(thread, 0)
}

fn find_without_end(thread: &mut Thread) -> Outcome {
    let (start, value) = (word(thread, 0), int(thread, 1) as u8);
    let mut reader = ByteReader::new(thread.window(), start);
    while reader.peek()? != value {
        reader.byte()?;
    }
    let address = reader.address();
    result(thread, address)
}

fn find_last(thread: &mut Thread) -> Outcome {
    let (start, value, length) = (word(thread, 0), int(thread, 1) as u8, word(thread, 2));
    for offset in (0..length).rev() {
        let address = start.wrapping_add(offset);
        if load::<1>(thread.window(), address)? as u8 == value {
            return result(thread, address);
        }
    }
    result(thread, 0)
}

/// The bytes of a block that is there as a whole.
fn block(window: &Window, address: u64, length: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < length {
        let done = bytes.len();
        let part = (length - done as u64).min(CHUNK) as usize;
        bytes.resize(done + part, 0);
        let at = address.wrapping_add(done as u64);
        window
            .read(at, &mut bytes[done..])
            .map_err(|cause| bad_pointer(at, cause))?;
    }
    Ok(bytes)
}

/// Where a part begins in bytes.
pub(super) fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    let Some((first, rest)) = part.split_first() else {
        return Some(0);
    };
    let last = bytes.len().checked_sub(part.len())?;
    (0..=last).find(|at| bytes[*at] == *first && bytes[at + 1..].starts_with(rest))
}

fn find_block(thread: &mut Thread) -> Outcome {
    let (start, length) = (word(thread, 0), word(thread, 1));
    let (part, part_length) = (word(thread, 2), word(thread, 3));
    if part_length > length {
        return result(thread, 0);
    }
    let window = thread.window();
    let (bytes, part) = (
        block(window, start, length)?,
        block(window, part, part_length)?,
    );
    let found = position(&bytes, &part);
    let address = found.map_or(0, |offset| start.wrapping_add(offset as u64));
    result(thread, address)
}

fn copy_until(thread: &mut Thread) -> Outcome {
    let (to, from) = (word(thread, 0), word(thread, 1));
    let (end, length) = (int(thread, 2) as u8, word(thread, 3));
    let mut reader = ByteReader::new(thread.window(), from);
    for offset in 0..length {
        let byte = reader.byte()?;
        let address = to.wrapping_add(offset);
        store::<1>(thread.window(), address, byte.into())?;
        if byte == end {
            return result(thread, address.wrapping_add(1));
        }
    }
    result(thread, 0)
}
