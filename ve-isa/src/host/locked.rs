//! The functions that compilers call for atomic operations that no instruction does: of structures, of 128 bits, of any size.
//!
//! All of them take one lock of the machine. Instructions do not, so an object should be changed in one of the two ways only; compilers
//! see to that by the object's size.

use super::call::{CHUNK, Outcome, Table, read, result_int, word, write};
use super::integers::{give, wide};
use super::memory::move_bytes;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("__atomic_is_lock_free", |thread| {
        let (size, address) = (word(thread, 0), word(thread, 1));
        let free = matches!(size, 1 | 2 | 4 | 8) && address.is_multiple_of(size);
        result_int(thread, free.into())
    }),
    // (size, object, place for the value)
    ("__atomic_load", |thread| {
        let (size, object, to) = (word(thread, 0), word(thread, 1), word(thread, 2));
        let _lock = thread.process().atomics();
        move_bytes(thread.window(), to, object, size)
    }),
    ("__atomic_store", |thread| {
        let (size, object, from) = (word(thread, 0), word(thread, 1), word(thread, 2));
        let _lock = thread.process().atomics();
        move_bytes(thread.window(), object, from, size)
    }),
    // (size, object, new value, place for the old one)
    ("__atomic_exchange", |thread| {
        let (size, object) = (word(thread, 0), word(thread, 1));
        let (from, to) = (word(thread, 2), word(thread, 3));
        let _lock = thread.process().atomics();
        let new = bytes(thread, from, size)?;
        let old = bytes(thread, object, size)?;
        write(thread.window(), object, &new)?;
        write(thread.window(), to, &old)
    }),
    // (size, object, expected value, new one)
    ("__atomic_compare_exchange", |thread| {
        let (size, object) = (word(thread, 0), word(thread, 1));
        let (expected, from) = (word(thread, 2), word(thread, 3));
        let done = {
            let _lock = thread.process().atomics();
            let old = bytes(thread, object, size)?;
            let done = old == bytes(thread, expected, size)?;
            if done {
                let new = bytes(thread, from, size)?;
                write(thread.window(), object, &new)?;
            } else {
                write(thread.window(), expected, &old)?;
            }
            done
        };
        result_int(thread, done.into())
    }),
    ("__atomic_load_16", |thread| change(thread, |old, _| old)),
    ("__atomic_store_16", |thread| change(thread, |_, new| new)),
    ("__atomic_exchange_16", |thread| {
        change(thread, |_, new| new)
    }),
    ("__atomic_fetch_add_16", |thread| {
        change(thread, u128::wrapping_add)
    }),
    ("__atomic_fetch_sub_16", |thread| {
        change(thread, u128::wrapping_sub)
    }),
    ("__atomic_fetch_and_16", |thread| {
        change(thread, |old, by| old & by)
    }),
    ("__atomic_fetch_or_16", |thread| {
        change(thread, |old, by| old | by)
    }),
    ("__atomic_fetch_xor_16", |thread| {
        change(thread, |old, by| old ^ by)
    }),
    ("__atomic_fetch_nand_16", |thread| {
        change(thread, |old, by| !(old & by))
    }),
    // (object, place of the expected value, new one)
    ("__atomic_compare_exchange_16", |thread| {
        let (object, expected, new) = (word(thread, 0), word(thread, 1), wide(thread, 2));
        let done = {
            let _lock = thread.process().atomics();
            let old = number(thread, object)?;
            let done = old == number(thread, expected)?;
            if done {
                write(thread.window(), object, &new.to_le_bytes())?;
            } else {
                write(thread.window(), expected, &old.to_le_bytes())?;
            }
            done
        };
        result_int(thread, done.into())
    }),
];

/// The bytes of an object: nobody has one that is larger than what is copied at once.
fn bytes(thread: &Thread, address: u64, size: u64) -> Result<Vec<u8>, Failure> {
    if size > CHUNK {
        return Err(Failure::Why(format!(
            "was given an object of {size} bytes, more than {CHUNK}"
        )));
    }
    let mut bytes = vec![0; size as usize];
    read(thread.window(), address, &mut bytes)?;
    Ok(bytes)
}

fn number(thread: &Thread, address: u64) -> Result<u128, Failure> {
    let mut bytes = [0; 16];
    read(thread.window(), address, &mut bytes)?;
    Ok(u128::from_le_bytes(bytes))
}

/// Replaces the object in the first argument by the result of an operation on it and the number behind it. The result is its old value.
fn change(thread: &mut Thread, operation: fn(u128, u128) -> u128) -> Outcome {
    let (object, by) = (word(thread, 0), wide(thread, 1));
    let old = {
        let _lock = thread.process().atomics();
        let old = number(thread, object)?;
        write(thread.window(), object, &operation(old, by).to_le_bytes())?;
        old
    };
    give(thread, old)
}
