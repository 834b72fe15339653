//! `search.h`: linear search, a table by names, trees.

use super::call::{Outcome, Table, load, result, result_int, set_errno, store, text, word};
use super::heap;
use super::memory::move_bytes;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("lfind", |thread| {
        let found = find_in_list(thread)?;
        result(thread, found.unwrap_or(0))
    }),
    ("lsearch", |thread| {
        if let Some(found) = find_in_list(thread)? {
            return result(thread, found);
        }
        let (key, base, place, size) = (
            word(thread, 0),
            word(thread, 1),
            word(thread, 2),
            word(thread, 3),
        );
        let count = load::<8>(thread.window(), place)?;
        let item = base.wrapping_add(count.wrapping_mul(size));
        move_bytes(thread.window(), item, key, size)?;
        store::<8>(thread.window(), place, count.wrapping_add(1))?;
        result(thread, item)
    }),
    ("hcreate", |thread| {
        let mut table = thread.process().entries();
        let new = table.is_none();
        if new {
            *table = Some(std::collections::HashMap::new());
        }
        drop(table);
        if !new {
            set_errno(thread, libc::ENOMEM);
        }
        result_int(thread, new.into())
    }),
    ("hdestroy", |thread| {
        let entries = thread.process().entries().take();
        for entry in entries
            .into_iter()
            .flat_map(|entries| entries.into_values())
        {
            heap::free(thread, entry)?;
        }
        Ok(())
    }),
    ("hsearch", |thread| {
        // The entry, two words, is passed by its address.
        let (entry, enter) = (word(thread, 0), word(thread, 1) as u32 == 1);
        let key = text(thread.window(), load::<8>(thread.window(), entry)?)?;
        let known = thread
            .process()
            .entries()
            .as_ref()
            .map(|table| table.get(&key).copied());
        let found = match known {
            Some(Some(found)) => found,
            Some(None) if enter => {
                let new = heap::allocate(thread, 16);
                if new != 0 {
                    move_bytes(thread.window(), new, entry, 16)?;
                    if let Some(table) = thread.process().entries().as_mut() {
                        table.insert(key, new);
                    }
                }
                new
            }
            _ => {
                set_errno(thread, libc::ESRCH);
                0
            }
        };
        result(thread, found)
    }),
    ("tsearch", |thread| {
        let (key, root, compare) = (word(thread, 0), word(thread, 1), word(thread, 2));
        let place = match find_in_tree(thread, key, root, compare)? {
            SearchOutcome::Node { node, .. } => return result(thread, node),
            SearchOutcome::Place(place) => place,
        };
        let node = heap::allocate(thread, 24);
        if node != 0 {
            store::<8>(thread.window(), node, key)?;
            store::<8>(thread.window(), node + LEFT, 0)?;
            store::<8>(thread.window(), node + RIGHT, 0)?;
            store::<8>(thread.window(), place, node)?;
        }
        result(thread, node)
    }),
    ("tfind", |thread| {
        let (key, root, compare) = (word(thread, 0), word(thread, 1), word(thread, 2));
        if root == 0 {
            return result(thread, 0);
        }
        let found = find_in_tree(thread, key, root, compare)?;
        let node = match found {
            SearchOutcome::Node { node, .. } => node,
            SearchOutcome::Place(_) => 0,
        };
        result(thread, node)
    }),
    ("tdelete", |thread| {
        let (key, root, compare) = (word(thread, 0), word(thread, 1), word(thread, 2));
        if root == 0 {
            return result(thread, 0);
        }
        let SearchOutcome::Node {
            place,
            node,
            parent,
        } = find_in_tree(thread, key, root, compare)?
        else {
            return result(thread, 0);
        };
        remove(thread, place, node)?;
        result(thread, parent)
    }),
    ("twalk", |thread| {
        let (root, action) = (word(thread, 0), word(thread, 1));
        if root == 0 {
            return Ok(());
        }
        walk(thread, root, action)
    }),
    ("tdestroy", |thread| {
        let (root, release) = (word(thread, 0), word(thread, 1));
        let mut left = vec![root];
        while let Some(node) = left.pop().filter(|node| *node != 0) {
            thread.poll()?;
            let [key, small, large] =
                [0, LEFT, RIGHT].map(|at| load::<8>(thread.window(), node.wrapping_add(at)));
            left.extend([large?, small?].into_iter().filter(|child| *child != 0));
            thread.call_back(release, &[key?])?;
            heap::free(thread, node)?;
        }
        Ok(())
    }),
    // Lists whose elements begin with the addresses of the next one and of the one before.
    ("insque", |thread| {
        let (element, before) = (word(thread, 0), word(thread, 1));
        let window = thread.window();
        let next = if before == 0 {
            0
        } else {
            load::<8>(window, before)?
        };
        store::<8>(window, element, next)?;
        store::<8>(window, element.wrapping_add(8), before)?;
        if before != 0 {
            store::<8>(window, before, element)?;
        }
        if next != 0 {
            store::<8>(window, next.wrapping_add(8), element)?;
        }
        Ok(())
    }),
    ("remque", |thread| {
        let element = word(thread, 0);
        let window = thread.window();
        let next = load::<8>(window, element)?;
        let before = load::<8>(window, element.wrapping_add(8))?;
        if next != 0 {
            store::<8>(window, next.wrapping_add(8), before)?;
        }
        if before != 0 {
            store::<8>(window, before, next)?;
        }
        Ok(())
    }),
];

/// Where a node has its children; its key comes first.
const LEFT: u64 = 8;
const RIGHT: u64 = 16;

fn compare_items(thread: &mut Thread, compare: u64, left: u64, right: u64) -> Result<i32, Failure> {
    Ok(thread.call_back(compare, &[left, right])? as i32)
}

fn find_in_list(thread: &mut Thread) -> Result<Option<u64>, Failure> {
    let (key, base, place) = (word(thread, 0), word(thread, 1), word(thread, 2));
    let (size, compare) = (word(thread, 3), word(thread, 4));
    let count = load::<8>(thread.window(), place)?;
    for number in 0..count {
        let item = base.wrapping_add(number.wrapping_mul(size));
        if compare_items(thread, compare, key, item)? == 0 {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

/// The outcome of a search in a tree.
enum SearchOutcome {
    /// A node, the place that points to it, and its parent, which is any address but 0 for the root.
    Node { place: u64, node: u64, parent: u64 },
    /// The place where it would be.
    Place(u64),
}

fn find_in_tree(
    thread: &mut Thread,
    key: u64,
    root: u64,
    compare: u64,
) -> Result<SearchOutcome, Failure> {
    let (mut place, mut parent) = (root, root);
    loop {
        let node = load::<8>(thread.window(), place)?;
        if node == 0 {
            return Ok(SearchOutcome::Place(place));
        }
        let other = load::<8>(thread.window(), node)?;
        place = match compare_items(thread, compare, key, other)? {
            0 => {
                return Ok(SearchOutcome::Node {
                    place,
                    node,
                    parent,
                });
            }
            ..0 => node.wrapping_add(LEFT),
            1.. => node.wrapping_add(RIGHT),
        };
        parent = node;
    }
}

/// Takes a node out of the tree. One with two children gives its place to the next one in order.
fn remove(thread: &mut Thread, place: u64, node: u64) -> Outcome {
    let window = thread.window();
    let (left, right) = (
        load::<8>(window, node.wrapping_add(LEFT))?,
        load::<8>(window, node.wrapping_add(RIGHT))?,
    );
    let next = if left == 0 || right == 0 {
        left | right
    } else {
        let mut at = node.wrapping_add(RIGHT);
        let mut next = right;
        loop {
            thread.poll()?;
            let further = load::<8>(window, next.wrapping_add(LEFT))?;
            if further == 0 {
                break;
            }
            at = next.wrapping_add(LEFT);
            next = further;
        }
        let rest = load::<8>(window, next.wrapping_add(RIGHT))?;
        store::<8>(window, at, rest)?;
        let right = load::<8>(window, node.wrapping_add(RIGHT))?;
        store::<8>(window, next.wrapping_add(LEFT), left)?;
        store::<8>(window, next.wrapping_add(RIGHT), right)?;
        next
    };
    store::<8>(window, place, next)?;
    heap::free(thread, node)
}

/// A tree that is deeper goes round in a circle.
const DEEPEST: u64 = 1 << 20;

/// When a node is seen: before its children, between them, after them, or once if it has none.
const BEFORE: u64 = 0;
const BETWEEN: u64 = 1;
const AFTER: u64 = 2;
const LEAF: u64 = 3;

fn walk(thread: &mut Thread, root: u64, action: u64) -> Outcome {
    // Nodes on the way from the root, each with how often it was seen.
    let mut way = vec![(root, 0_u64)];
    while let Some((node, seen)) = way.pop() {
        thread.poll()?;
        let level = way.len() as u64;
        if level > DEEPEST {
            return Err(Failure::Why(format!(
                "was given {root:#x}, a tree that is deeper than {DEEPEST} nodes"
            )));
        }
        let left = load::<8>(thread.window(), node.wrapping_add(LEFT))?;
        let right = load::<8>(thread.window(), node.wrapping_add(RIGHT))?;
        if left == 0 && right == 0 {
            thread.call_back(action, &[node, LEAF, level])?;
            continue;
        }
        let (when, child) = match seen {
            0 => (BEFORE, left),
            1 => (BETWEEN, right),
            _ => (AFTER, 0),
        };
        thread.call_back(action, &[node, when, level])?;
        if seen < 2 {
            way.push((node, seen + 1));
            if child != 0 {
                way.push((child, 0));
            }
        }
    }
    Ok(())
}
