//! `stdlib.h`: sorting, searching.

use super::call::{Outcome, Table, load, read, result, word, write};
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("qsort", |thread| sort(thread, None)),
    ("qsort_r", |thread| {
        let argument = word(thread, 4);
        sort(thread, Some(argument))
    }),
    ("bsearch", search),
];

/// Items to be sorted may take this many bytes: they are copied for it.
const SORTED: u64 = 1 << 32;

/// Calls the comparison of the program.
fn order(
    thread: &mut Thread,
    compare: u64,
    left: u64,
    right: u64,
    argument: Option<u64>,
) -> Result<i32, Failure> {
    let result = match argument {
        None => thread.call_back(compare, &[left, right])?,
        Some(argument) => thread.call_back(compare, &[left, right, argument])?,
    };
    Ok(result as i32)
}

/// Sorts by merging, so that equal items keep their order. Whatever the comparison says, items are only permuted.
fn sort(thread: &mut Thread, argument: Option<u64>) -> Outcome {
    let (base, count) = (word(thread, 0), word(thread, 1));
    let (size, compare) = (word(thread, 2), word(thread, 3));
    if count < 2 || size == 0 {
        return Ok(());
    }
    let total = count.checked_mul(size).filter(|total| *total <= SORTED);
    let total = total.ok_or_else(|| {
        Failure::Why(format!(
            "was given {count} items of {size} bytes, which are too many"
        ))
    })?;
    // All of them must be there before memory is asked for.
    load::<1>(thread.window(), base.wrapping_add(total - 1))?;
    let mut bytes = vec![0; total as usize];
    read(thread.window(), base, &mut bytes)?;
    // The comparison sees the items where they are; only the order of their numbers changes until the end.
    let mut order_now: Vec<u32> = (0..count as u32).collect();
    if count > u64::from(u32::MAX) {
        return Err(Failure::Why(format!("was given {count} items, too many")));
    }
    let mut merged = order_now.clone();
    let at = |number: u32| base.wrapping_add(u64::from(number) * size);
    let count = count as usize;
    let mut width = 1;
    while width < count {
        let mut start = 0;
        while start < count {
            let middle = (start + width).min(count);
            let end = (start + 2 * width).min(count);
            let (mut left, mut right) = (start, middle);
            for place in &mut merged[start..end] {
                let take_left = if left == middle {
                    false
                } else if right == end {
                    true
                } else {
                    let (a, b) = (at(order_now[left]), at(order_now[right]));
                    order(thread, compare, a, b, argument)? <= 0
                };
                let from = if take_left { &mut left } else { &mut right };
                *place = order_now[*from];
                *from += 1;
            }
            start = end;
        }
        std::mem::swap(&mut order_now, &mut merged);
        width *= 2;
    }
    let size = size as usize;
    let mut sorted = Vec::with_capacity(bytes.len());
    for number in order_now {
        let start = number as usize * size;
        sorted.extend_from_slice(&bytes[start..start + size]);
    }
    write(thread.window(), base, &sorted)
}

fn search(thread: &mut Thread) -> Outcome {
    let (key, base, count) = (word(thread, 0), word(thread, 1), word(thread, 2));
    let (size, compare) = (word(thread, 3), word(thread, 4));
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        let item = base.wrapping_add(middle.wrapping_mul(size));
        match order(thread, compare, key, item, None)? {
            0 => return result(thread, item),
            1.. => low = middle + 1,
            _ => high = middle,
        }
    }
    result(thread, 0)
}
