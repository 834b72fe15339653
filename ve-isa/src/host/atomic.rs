//! The functions that compilers call for atomic operations where they use no instruction for them.

use super::call::{Outcome, Table, bad_pointer, load, result, result_int, word};
use crate::thread::{Failure, Thread};

/// An operation on 4 and on 8 bytes, whose result is what was there before, or what is there afterwards.
macro_rules! updates {
    ($($name:literal $compute:expr;)*) => {
        pub(super) const UPDATES: Table = &[
            $(
                (concat!("__atomic_fetch_", $name, "_4"), |thread| update::<4>(thread, false, $compute)),
                (concat!("__atomic_fetch_", $name, "_8"), |thread| update::<8>(thread, false, $compute)),
                (concat!("__atomic_", $name, "_fetch_4"), |thread| update::<4>(thread, true, $compute)),
                (concat!("__atomic_", $name, "_fetch_8"), |thread| update::<8>(thread, true, $compute)),
            )*
        ];
    };
}

updates! {
    "add" u64::wrapping_add;
    "sub" u64::wrapping_sub;
    "and" |before, operand| before & operand;
    "or" |before, operand| before | operand;
    "xor" |before, operand| before ^ operand;
    "nand" |before, operand| !(before & operand);
}

pub(super) const OTHERS: Table = &[
    ("__atomic_load_4", |thread| {
        update::<4>(thread, false, |before, _| before)
    }),
    ("__atomic_load_8", |thread| {
        update::<8>(thread, false, |before, _| before)
    }),
    ("__atomic_store_4", |thread| {
        update::<4>(thread, true, |_, operand| operand)
    }),
    ("__atomic_store_8", |thread| {
        update::<8>(thread, true, |_, operand| operand)
    }),
    ("__atomic_exchange_4", |thread| {
        update::<4>(thread, false, |_, operand| operand)
    }),
    ("__atomic_exchange_8", |thread| {
        update::<8>(thread, false, |_, operand| operand)
    }),
    ("__atomic_compare_exchange_4", compare_exchange::<4>),
    ("__atomic_compare_exchange_8", compare_exchange::<8>),
];

/// Puts a value where another was; the result is what was there.
fn swap<const SIZE: u64>(
    thread: &Thread,
    place: u64,
    expected: u64,
    new: u64,
) -> Result<u64, Failure> {
    if !place.is_multiple_of(SIZE) {
        return Err(Failure::Why(format!(
            "was given {place:#x}, which is not a multiple of {SIZE}"
        )));
    }
    let before = thread
        .window()
        .compare_exchange::<SIZE>(place, expected, new);
    before
        .map(|before| before & mask(SIZE))
        .map_err(|cause| bad_pointer(place, cause))
}

fn mask(size: u64) -> u64 {
    u64::MAX >> (64 - 8 * size)
}

/// `(place, operand, order)`
fn update<const SIZE: u64>(
    thread: &mut Thread,
    after: bool,
    compute: fn(u64, u64) -> u64,
) -> Outcome {
    let (place, operand) = (word(thread, 0), word(thread, 1));
    let mut before = load::<SIZE>(thread.window(), place)?;
    loop {
        let new = compute(before, operand) & mask(SIZE);
        let found = swap::<SIZE>(thread, place, before, new)?;
        if found == before {
            return result(thread, if after { new } else { before });
        }
        before = found;
        thread.poll()?;
    }
}

/// `(place, expected, new, order, order)`, where `expected` is a place, too, and gets what was there.
fn compare_exchange<const SIZE: u64>(thread: &mut Thread) -> Outcome {
    let (place, expected, new) = (word(thread, 0), word(thread, 1), word(thread, 2));
    let before = load::<SIZE>(thread.window(), expected)?;
    let found = swap::<SIZE>(thread, place, before, new & mask(SIZE))?;
    if found != before {
        super::call::store::<SIZE>(thread.window(), expected, found)?;
    }
    result_int(thread, (found == before).into())
}
