//! `stdlib.h`: random numbers of 48 bits, `drand48` and its relatives.

use super::call::{Table, load, result, result_double, store, word};
use crate::process::Random48;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("drand48", |thread| {
        let state = own(thread);
        result_double(thread, fraction(state))
    }),
    ("erand48", |thread| {
        let state = given(thread)?;
        result_double(thread, fraction(state))
    }),
    ("lrand48", |thread| {
        let state = own(thread);
        result(thread, state >> 17)
    }),
    ("nrand48", |thread| {
        let state = given(thread)?;
        result(thread, state >> 17)
    }),
    ("mrand48", |thread| {
        let state = own(thread);
        result(thread, signed(state))
    }),
    ("jrand48", |thread| {
        let state = given(thread)?;
        result(thread, signed(state))
    }),
    ("srand48", |thread| {
        let seed = word(thread, 0) & 0xffff_ffff;
        *thread.process().random48() = Random48::seeded(seed);
        Ok(())
    }),
    ("seed48", |thread| {
        let state = words(thread, 0)?;
        let before = thread.process().random48().set(state);
        let place = thread.lasting("seed48", || vec![0; 8]).unwrap_or(0);
        if place != 0 {
            for index in 0..3 {
                let part = before >> (16 * index);
                store::<2>(thread.window(), place + 2 * index, part)?;
            }
        }
        result(thread, place)
    }),
    ("lcong48", |thread| {
        let (state, factor) = (words(thread, 0)?, words(thread, 3)?);
        let place = word(thread, 0).wrapping_add(12);
        let term = load::<2>(thread.window(), place)? & 0xffff;
        *thread.process().random48() = Random48::new(state, factor, term);
        Ok(())
    }),
];

/// Three numbers of 16 bits, the low one first, from this one on of those that the argument points to.
fn words(thread: &Thread, first: u64) -> Result<u64, Failure> {
    let mut state = 0;
    for index in 0..3 {
        let place = word(thread, 0).wrapping_add(2 * (first + index));
        state |= (load::<2>(thread.window(), place)? & 0xffff) << (16 * index);
    }
    Ok(state)
}

/// The next state of the machine's own numbers.
fn own(thread: &Thread) -> u64 {
    thread.process().random48().next()
}

/// The next state of numbers that the program keeps.
fn given(thread: &Thread) -> Result<u64, Failure> {
    let before = words(thread, 0)?;
    let state = thread.process().random48().after(before);
    for index in 0..3 {
        let place = word(thread, 0).wrapping_add(2 * index);
        store::<2>(thread.window(), place, state >> (16 * index))?;
    }
    Ok(state)
}

/// A number from 0 to 1.
fn fraction(state: u64) -> f64 {
    state as f64 / (1_u64 << 48) as f64
}

fn signed(state: u64) -> u64 {
    i64::from((state >> 16) as i32) as u64
}
