//! `stdlib.h`: random numbers of 48 bits, `drand48` and its relatives; states of random numbers that the program keeps.

use super::call::{
    Outcome, Table, fail, load, read, result, result_double, result_int, set_errno, store, word,
    write,
};
use crate::process::{Random, Random48};
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
    ("drand48_r", |thread| {
        let state = kept48(thread)?;
        give48(thread, 1, fraction(state).to_bits())
    }),
    ("lrand48_r", |thread| {
        let state = kept48(thread)?;
        give48(thread, 1, state >> 17)
    }),
    ("mrand48_r", |thread| {
        let state = kept48(thread)?;
        give48(thread, 1, signed(state))
    }),
    ("erand48_r", |thread| {
        let state = given48(thread)?;
        give48(thread, 2, fraction(state).to_bits())
    }),
    ("nrand48_r", |thread| {
        let state = given48(thread)?;
        give48(thread, 2, state >> 17)
    }),
    ("jrand48_r", |thread| {
        let state = given48(thread)?;
        give48(thread, 2, signed(state))
    }),
    ("srand48_r", |thread| {
        let (seed, place) = (word(thread, 0) & 0xffff_ffff, word(thread, 1));
        let numbers = Random48::seeded(seed);
        keep48(thread, place, &numbers)
    }),
    ("seed48_r", |thread| {
        let (state, place) = (words(thread, 0)?, word(thread, 1));
        let before = number48(thread, place)?;
        store48(thread, place.wrapping_add(OLD), before)?;
        keep48(thread, place, &Random48::with_state(state))
    }),
    ("lcong48_r", |thread| {
        let (state, factor) = (words(thread, 0)?, words(thread, 3)?);
        let term = load::<2>(thread.window(), word(thread, 0).wrapping_add(12))? & 0xffff;
        let place = word(thread, 1);
        keep48(thread, place, &Random48::new(state, factor, term))
    }),
    ("initstate", |thread| {
        let (seed, place, bytes) = (word(thread, 0) as u32, word(thread, 1), word(thread, 2));
        let Some(kind) = Random::kind_for(bytes) else {
            set_errno(thread, libc::EINVAL);
            return result(thread, 0);
        };
        exchange(thread, Random::of_kind(kind, seed), place)
    }),
    ("setstate", |thread| {
        let place = word(thread, 0);
        if *thread.process().random_place() == place {
            return result(thread, place);
        }
        match state_at(thread, place)? {
            Some(random) => exchange(thread, random, place),
            None => {
                set_errno(thread, libc::EINVAL);
                result(thread, 0)
            }
        }
    }),
    ("initstate_r", |thread| {
        let (seed, place, bytes) = (word(thread, 0) as u32, word(thread, 1), word(thread, 2));
        let data = word(thread, 3);
        let Some(kind) = Random::kind_for(bytes) else {
            return fail(thread, libc::EINVAL);
        };
        store_state(thread, place, &Random::of_kind(kind, seed))?;
        store::<8>(
            thread.window(),
            data.wrapping_add(STATE),
            place.wrapping_add(4),
        )?;
        result_int(thread, 0)
    }),
    ("setstate_r", |thread| {
        let (place, data) = (word(thread, 0), word(thread, 1));
        if state_at(thread, place)?.is_none() {
            return fail(thread, libc::EINVAL);
        }
        store::<8>(
            thread.window(),
            data.wrapping_add(STATE),
            place.wrapping_add(4),
        )?;
        result_int(thread, 0)
    }),
    ("srandom_r", |thread| {
        let (seed, data) = (word(thread, 0) as u32, word(thread, 1));
        with_state(thread, data, |random| {
            random.seed(seed);
            None
        })
    }),
    ("random_r", |thread| {
        let data = word(thread, 0);
        with_state(thread, data, |random| Some(random.next()))
    }),
];

/// Where a `struct drand48_data` has the state before, the term, whether it was set, and the factor. The state is first.
const OLD: u64 = 6;
const TERM: u64 = 12;
const IS_SET: u64 = 14;
const FACTOR: u64 = 16;

/// Where a `struct random_data` has the address of the words of its state. One word before them tells what they are.
const STATE: u64 = 16;

fn number48(thread: &Thread, place: u64) -> Result<u64, Failure> {
    let mut state = 0;
    for index in 0..3 {
        let place = place.wrapping_add(2 * index);
        state |= (load::<2>(thread.window(), place)? & 0xffff) << (16 * index);
    }
    Ok(state)
}

fn store48(thread: &Thread, place: u64, state: u64) -> Outcome {
    for index in 0..3 {
        let place = place.wrapping_add(2 * index);
        store::<2>(thread.window(), place, state >> (16 * index) & 0xffff)?;
    }
    Ok(())
}

/// Leaves a generator in a `struct drand48_data`.
fn keep48(thread: &mut Thread, place: u64, numbers: &Random48) -> Outcome {
    let window = thread.window();
    store48(thread, place, numbers.state())?;
    store::<2>(window, place.wrapping_add(TERM), numbers.term())?;
    store::<2>(window, place.wrapping_add(IS_SET), 1)?;
    store::<8>(window, place.wrapping_add(FACTOR), numbers.factor())?;
    result_int(thread, 0)
}

/// The next state after one, by the factor and the term of a `struct drand48_data`.
fn after48(thread: &Thread, data: u64, state: u64) -> Result<u64, Failure> {
    let window = thread.window();
    let at = |offset| data.wrapping_add(offset);
    if load::<2>(window, at(IS_SET))? & 0xffff == 0 {
        let usual = Random48::default();
        store::<2>(window, at(TERM), usual.term())?;
        store::<2>(window, at(IS_SET), 1)?;
        store::<8>(window, at(FACTOR), usual.factor())?;
    }
    let term = load::<2>(window, at(TERM))? & 0xffff;
    let factor = load::<8>(window, at(FACTOR))?;
    Ok(Random48::new(state, factor, term).next())
}

/// The next state of a `struct drand48_data`.
fn kept48(thread: &Thread) -> Result<u64, Failure> {
    let data = word(thread, 0);
    let state = number48(thread, data)?;
    let state = after48(thread, data, state)?;
    store48(thread, data, state)?;
    Ok(state)
}

/// The next state of three numbers, by what a `struct drand48_data` has beside its own.
fn given48(thread: &Thread) -> Result<u64, Failure> {
    let (place, data) = (word(thread, 0), word(thread, 1));
    let state = number48(thread, place)?;
    let state = after48(thread, data, state)?;
    store48(thread, place, state)?;
    Ok(state)
}

fn give48(thread: &mut Thread, number: usize, value: u64) -> Outcome {
    let place = word(thread, number);
    store::<8>(thread.window(), place, value)?;
    result_int(thread, 0)
}

/// The state that a program keeps at an address; nothing if it is none.
fn state_at(thread: &Thread, place: u64) -> Result<Option<Random>, Failure> {
    let first = load::<4>(thread.window(), place)? as u32;
    let Some(length) = Random::length(first) else {
        return Ok(None);
    };
    let mut bytes = vec![0; 4 * length];
    read(thread.window(), place.wrapping_add(4), &mut bytes)?;
    let words = bytes.as_chunks::<4>().0.iter();
    let words = words.map(|word| u32::from_le_bytes(*word)).collect();
    Ok(Some(Random::from_words(first, words)))
}

fn store_state(thread: &Thread, place: u64, random: &Random) -> Outcome {
    let words = random.to_words().into_iter();
    let bytes: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
    write(thread.window(), place, &bytes)
}

/// Makes a state that of the machine's own numbers. The result is where the program finds the one that was.
fn exchange(thread: &mut Thread, random: Random, place: u64) -> Outcome {
    store_state(thread, place, &random)?;
    let bytes = || vec![0; 4 * 32];
    let own = thread.lasting("initstate", bytes).unwrap_or(0);
    let (before, old) = {
        let mut place_now = thread.process().random_place();
        let before = std::mem::replace(&mut *place_now, place);
        let old = std::mem::replace(&mut *thread.process().random(), random);
        (if before == 0 { own } else { before }, old)
    };
    if before != place {
        store_state(thread, before, &old)?;
    }
    result(thread, before)
}

/// Changes the state of a `struct random_data`, and stores a number that this gives.
fn with_state(
    thread: &mut Thread,
    data: u64,
    change: impl FnOnce(&mut Random) -> Option<u32>,
) -> Outcome {
    let state = load::<8>(thread.window(), data.wrapping_add(STATE))?;
    let place = state.wrapping_sub(4);
    let random = match state {
        0 => None,
        _ => state_at(thread, place)?,
    };
    let Some(mut random) = random else {
        return fail(thread, libc::EINVAL);
    };
    let number = change(&mut random);
    store_state(thread, place, &random)?;
    if let Some(number) = number {
        store::<4>(thread.window(), word(thread, 1), number.into())?;
    }
    result_int(thread, 0)
}

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
