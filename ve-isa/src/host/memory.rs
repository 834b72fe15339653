//! `string.h`: blocks of memory.

use super::call::{Outcome, bad_pointer, result, word};
use crate::thread::{HostFunction, Thread};

/// How much is copied at once; more would only need more memory.
const CHUNK: u64 = 64 << 10;

pub(super) fn find(name: &str) -> Option<HostFunction> {
    Some(match name {
        "memcpy" => |thread| copy(thread, "memcpy"),
        "memmove" => |thread| copy(thread, "memmove"),
        "memset" => set,
        "memcmp" | "bcmp" => compare,
        "strlen" => length,
        _ => return None,
    })
}

/// Copies; ranges may overlap.
fn copy(thread: &mut Thread, name: &str) -> Outcome {
    let (to, from, length) = (word(thread, 0), word(thread, 1), word(thread, 2));
    let down = from < to && to - from < length;
    let mut buffer = vec![0; length.min(CHUNK) as usize];
    let mut done = 0;
    while done < length {
        let part = (length - done).min(CHUNK);
        let offset = if down { length - done - part } else { done };
        let window = thread.window();
        let bytes = &mut buffer[..part as usize];
        window
            .read(from.wrapping_add(offset), bytes)
            .map_err(|cause| bad_pointer(name, from.wrapping_add(offset), cause))?;
        window
            .write(to.wrapping_add(offset), bytes)
            .map_err(|cause| bad_pointer(name, to.wrapping_add(offset), cause))?;
        done += part;
    }
    result(thread, to)
}

fn set(thread: &mut Thread) -> Outcome {
    let (to, value, length) = (word(thread, 0), word(thread, 1) as u8, word(thread, 2));
    let buffer = vec![value; length.min(CHUNK) as usize];
    let mut done = 0;
    while done < length {
        let part = (length - done).min(CHUNK);
        let at = to.wrapping_add(done);
        thread
            .window()
            .write(at, &buffer[..part as usize])
            .map_err(|cause| bad_pointer("memset", at, cause))?;
        done += part;
    }
    result(thread, to)
}

fn compare(thread: &mut Thread) -> Outcome {
    let (left, right, length) = (word(thread, 0), word(thread, 1), word(thread, 2));
    let (mut bytes, mut others) = (vec![0; 4096], vec![0; 4096]);
    let mut done = 0;
    while done < length {
        let part = (length - done).min(4096) as usize;
        let read = |address: u64, bytes: &mut [u8]| {
            let address = address.wrapping_add(done);
            thread
                .window()
                .read(address, bytes)
                .map_err(|cause| bad_pointer("memcmp", address, cause))
        };
        read(left, &mut bytes[..part])?;
        read(right, &mut others[..part])?;
        if let Some((a, b)) = bytes[..part]
            .iter()
            .zip(&others[..part])
            .find(|(a, b)| a != b)
        {
            return result(thread, (i64::from(*a) - i64::from(*b)) as u64);
        }
        done += part as u64;
    }
    result(thread, 0)
}

fn length(thread: &mut Thread) -> Outcome {
    let start = word(thread, 0);
    let mut length = 0_u64;
    loop {
        let address = start.wrapping_add(length);
        match thread.window().load::<1>(address) {
            Ok(0) => return result(thread, length),
            Ok(_) => length += 1,
            Err(cause) => return Err(bad_pointer("strlen", address, cause)),
        }
    }
}
