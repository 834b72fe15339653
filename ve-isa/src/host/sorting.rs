//! `stdlib.h`: sorting, searching.

use super::call::{Outcome, Table, load_bits, read_bits, result, word, write};
use crate::check::host;
use crate::memory::Window;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("qsort", |thread| sort(thread, None)),
    ("qsort_r", |thread| {
        let argument = word(thread, 4);
        sort(thread, Some(argument))
    }),
    ("bsearch", search),
];

/// How much of the host's memory sorting may take, in bytes. Where merging would take more, items are sorted in their place.
const ROOM: u64 = 64 << 20;

/// Bytes that merging needs for each item beside a copy of it: its number, twice.
const NUMBERS: u64 = 8;

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

/// The items to sort, and their order.
#[derive(Clone, Copy)]
struct SortedItems {
    base: u64,
    count: u64,
    size: u64,
    compare: u64,
    argument: Option<u64>,
}

impl SortedItems {
    /// Where the item with this number is.
    fn at(self, number: u64) -> u64 {
        self.base.wrapping_add(number.wrapping_mul(self.size))
    }

    /// Compares the items with these numbers, where they are.
    fn order(self, thread: &mut Thread, left: u64, right: u64) -> Result<i32, Failure> {
        let (left, right) = (self.at(left), self.at(right));
        order(thread, self.compare, left, right, self.argument)
    }
}

/// Items are only permuted, whatever the comparison says and even if it never returns.
fn sort(thread: &mut Thread, argument: Option<u64>) -> Outcome {
    let items = SortedItems {
        base: word(thread, 0),
        count: word(thread, 1),
        size: word(thread, 2),
        compare: word(thread, 3),
        argument,
    };
    sort_items(thread, items)
}

/// Sorts a list of words, to which the comparison gets pointers.
pub(super) fn sort_words(thread: &mut Thread, base: u64, count: u64, compare: u64) -> Outcome {
    let items = SortedItems {
        base,
        count,
        size: 8,
        compare,
        argument: None,
    };
    sort_items(thread, items)
}

fn sort_items(thread: &mut Thread, items: SortedItems) -> Outcome {
    let SortedItems {
        base, count, size, ..
    } = items;
    if count < 2 || size == 0 {
        return Ok(());
    }
    let total = count.checked_mul(size).ok_or_else(|| {
        Failure::Why(format!(
            "was given {count} items of {size} bytes, more than all of memory"
        ))
    })?;
    // All of them must be there.
    load_bits::<1>(thread.window(), base)?;
    load_bits::<1>(thread.window(), base.wrapping_add(total - 1))?;
    // There are no more items than bytes.
    if total.saturating_add(count.saturating_mul(NUMBERS)) <= ROOM {
        merge(thread, items)
    } else {
        sort_in_place(thread, items)
    }
}

/// Sorts by merging, so that equal items keep their order.
fn merge(thread: &mut Thread, items: SortedItems) -> Outcome {
    let mut bytes = vec![0; (items.count * items.size) as usize];
    let undefined = host::bits(thread.window(), items.base, items.count * items.size);
    read_bits(thread.window(), items.base, &mut bytes)?;
    // The comparison sees the items where they are; only the order of their numbers changes until the end.
    let mut order_now: Vec<u32> = (0..items.count as u32).collect();
    let mut merged = order_now.clone();
    let count = items.count as usize;
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
                    let (a, b) = (order_now[left].into(), order_now[right].into());
                    items.order(thread, a, b)? <= 0
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
    let size = items.size as usize;
    for (to, from) in order_now.into_iter().enumerate() {
        let start = from as usize * size;
        let place = items.at(to as u64);
        write(thread.window(), place, &bytes[start..start + size])?;
        if let Some(undefined) = undefined.get(start..start + size) {
            host::set_bits(thread.window(), place, undefined);
        }
    }
    Ok(())
}

/// Sorts as a heap: with next to no memory, and never slowly.
fn sort_in_place(thread: &mut Thread, items: SortedItems) -> Outcome {
    for root in (0..items.count / 2).rev() {
        sink(thread, items, root, items.count)?;
    }
    for end in (1..items.count).rev() {
        exchange(thread.window(), items, 0, end)?;
        sink(thread, items, 0, end)?;
    }
    Ok(())
}

/// Moves an item down a heap, of which those before `end` are part, until none below it is larger.
fn sink(thread: &mut Thread, items: SortedItems, mut item: u64, end: u64) -> Outcome {
    loop {
        // Comparisons may be functions of the host, at which nothing else looks.
        thread.poll()?;
        let mut larger = 2 * item + 1;
        if larger >= end {
            return Ok(());
        }
        if larger + 1 < end && items.order(thread, larger, larger + 1)? < 0 {
            larger += 1;
        }
        if items.order(thread, item, larger)? >= 0 {
            return Ok(());
        }
        exchange(thread.window(), items, item, larger)?;
        item = larger;
    }
}

/// Exchanges two items.
fn exchange(window: &Window, items: SortedItems, one: u64, other: u64) -> Outcome {
    let (one, other) = (items.at(one), items.at(other));
    let (mut first, mut second) = ([0; 4096], [0; 4096]);
    let mut done = 0;
    while done < items.size {
        let part = (items.size - done).min(4096);
        let (first, second) = (&mut first[..part as usize], &mut second[..part as usize]);
        let (one, other) = (one.wrapping_add(done), other.wrapping_add(done));
        let undefined = [one, other].map(|item| host::bits(window, item, part));
        read_bits(window, one, first)?;
        read_bits(window, other, second)?;
        write(window, one, second)?;
        write(window, other, first)?;
        host::set_bits(window, one, &undefined[1]);
        host::set_bits(window, other, &undefined[0]);
        done += part;
    }
    Ok(())
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
