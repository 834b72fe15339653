//! Blocks of memory for machine code, as `malloc` gives them.
//!
//! The facts about a block are kept here, not beside it, so that machine code cannot damage them. Small blocks are cut from
//! chunks by size classes, large ones are mapped one by one.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::check::{self, Checker};
use crate::memory::{Protection, Window};

/// Every block begins at a multiple of this.
const ALIGNMENT: u64 = 16;

/// Blocks larger than this are mapped by themselves.
const LARGE: u64 = 256 << 10;

/// The first chunk has this many bytes, each further one twice as many, up to the last number.
const CHUNK: u64 = 1 << 20;
const LARGEST_CHUNK: u64 = 64 << 20;

/// Nothing larger can be allocated: half of all addresses, as with C libraries.
const LARGEST: u64 = i64::MAX as u64;

/// The blocks of a machine.
#[derive(Debug, Default)]
pub(crate) struct Heap {
    blocks: Mutex<HeapBlocks>,
    /// Knows the blocks, where memory is checked: each lies in a larger one of `blocks`.
    checker: OnceLock<Arc<Checker>>,
}

/// Why an address cannot be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeapError {
    /// No block begins there.
    NoBlock,
    /// The block there has been given back before.
    Freed,
}

impl HeapError {
    fn of(freed: bool) -> Self {
        if freed { Self::Freed } else { Self::NoBlock }
    }
}

#[derive(Debug, Default)]
struct HeapBlocks {
    used: HashMap<u64, HeapBlock>,
    /// Freed blocks, by class. They end up here in the order of being freed, and are used again from the end.
    free: HashMap<u64, Vec<u64>>,
    /// Where blocks that were freed began, until they are used again.
    freed: HashMap<u64, ()>,
    /// Where chunks begin.
    chunks: Vec<u64>,
    /// The rest of the last chunk.
    rest: std::ops::Range<u64>,
    next_chunk: u64,
}

#[derive(Debug, Clone, Copy)]
struct HeapBlock {
    /// The start of the memory that was cut or mapped for it. It is before its first byte if alignment asks for it.
    start: u64,
    /// How many bytes were asked for.
    size: u64,
    /// How many were cut, or 0 if it was mapped.
    class: u64,
}

/// The size of the block for so many bytes: multiples of 16, then four steps from each power of two to the next.
fn class(size: u64) -> u64 {
    let size = size.max(1);
    if size <= 256 {
        return size.next_multiple_of(ALIGNMENT);
    }
    size.next_multiple_of(size.next_power_of_two() / 8)
}

impl Heap {
    fn lock(&self) -> std::sync::MutexGuard<'_, HeapBlocks> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has all blocks checked that are allocated from now on. None is there yet.
    pub(crate) fn set_checker(&self, checker: Arc<Checker>) {
        let _ = self.checker.set(checker);
    }

    /// The checker of blocks, if there is one.
    pub(crate) fn checker(&self) -> Option<&Arc<Checker>> {
        self.checker.get()
    }

    /// A block of so many bytes, at a multiple of `alignment`, a power of two. The second result says whether its bytes are all 0.
    pub(crate) fn allocate(
        &self,
        window: &Window,
        size: u64,
        alignment: u64,
    ) -> Option<(u64, bool)> {
        if size > LARGEST {
            return None;
        }
        match self.checker() {
            None => self.cut(window, size, alignment),
            Some(checker) => checker.allocate(window, size, alignment, |size, alignment| {
                self.cut(window, size, alignment)
            }),
        }
    }

    fn cut(&self, window: &Window, size: u64, alignment: u64) -> Option<(u64, bool)> {
        let padded = if alignment <= ALIGNMENT {
            size
        } else {
            size.checked_add(alignment)?
        };
        if padded > LARGE {
            let range = window
                .map_aligned(size, alignment, Protection::ReadWrite)
                .ok()?;
            let start = range.start;
            check::close(window, start..range.end.next_multiple_of(64 << 10));
            let block = HeapBlock {
                start,
                size,
                class: 0,
            };
            let mut blocks = self.lock();
            blocks.freed.remove(&start);
            blocks.used.insert(start, block);
            return Some((start, true));
        }
        let class = class(padded);
        let mut blocks = self.lock();
        let (start, fresh) = match blocks.free.get_mut(&class).and_then(Vec::pop) {
            Some(start) => (start, false),
            None => (blocks.cut(window, class)?, true),
        };
        let address = start.next_multiple_of(alignment.max(ALIGNMENT));
        let block = HeapBlock { start, size, class };
        blocks.freed.remove(&address);
        blocks.used.insert(address, block);
        Some((address, fresh))
    }

    /// Where the ranges of the window begin that blocks lie in.
    pub(crate) fn ranges(&self) -> HashSet<u64> {
        let blocks = self.lock();
        let large = blocks.used.values().filter(|block| block.class == 0);
        let large = large.map(|block| block.start);
        large.chain(blocks.chunks.iter().copied()).collect()
    }

    /// How many bytes were asked for, of the block that begins at an address.
    pub(crate) fn size(&self, address: u64) -> Result<u64, HeapError> {
        if let Some(checker) = self.checker() {
            return checker.size(address).map_err(HeapError::of);
        }
        let blocks = self.lock();
        let block = blocks.used.get(&address);
        block
            .map(|block| block.size)
            .ok_or_else(|| blocks.missing(address))
    }

    /// Changes how many bytes a block has, if that needs no other place.
    pub(crate) fn resize(&self, address: u64, size: u64) -> Result<bool, HeapError> {
        if self.checker().is_some() {
            // It moves, so that old pointers are found.
            return self.size(address).map(|before| before == size);
        }
        let mut blocks = self.lock();
        let missing = blocks.missing(address);
        let block = blocks.used.get_mut(&address).ok_or(missing)?;
        let room = if block.class == 0 {
            block.size.next_multiple_of(64 << 10)
        } else {
            block.start + block.class - address
        };
        // A block that becomes much smaller moves, so that the rest is not lost.
        let fits = size <= room && (room <= 256 || size >= room / 4);
        if fits {
            block.size = size;
        }
        Ok(fits)
    }

    /// Gives a block back.
    pub(crate) fn free(&self, window: &Window, address: u64) -> Result<(), HeapError> {
        let Some(checker) = self.checker() else {
            return self.give_back(window, address);
        };
        let old = checker.free(window, address).map_err(HeapError::of)?;
        old.into_iter()
            .try_for_each(|block| self.give_back(window, block))
    }

    fn give_back(&self, window: &Window, address: u64) -> Result<(), HeapError> {
        let mut blocks = self.lock();
        let Some(block) = blocks.used.remove(&address) else {
            return Err(blocks.missing(address));
        };
        blocks.freed.insert(address, ());
        if block.class == 0 {
            // Its pages become closed; if the system refuses, they stay as they are and are not used again.
            let _ = window.unmap(block.start);
        } else {
            blocks
                .free
                .entry(block.class)
                .or_default()
                .push(block.start);
        }
        Ok(())
    }
}

impl HeapBlocks {
    fn missing(&self, address: u64) -> HeapError {
        if self.freed.contains_key(&address) {
            HeapError::Freed
        } else {
            HeapError::NoBlock
        }
    }

    /// Cuts bytes that nobody has used from a chunk.
    fn cut(&mut self, window: &Window, class: u64) -> Option<u64> {
        if self.rest.end - self.rest.start < class {
            let length = self.next_chunk.max(CHUNK);
            self.rest = window.map(length, Protection::ReadWrite).ok()?;
            check::close(window, self.rest.clone());
            self.chunks.push(self.rest.start);
            self.next_chunk = (2 * length).min(LARGEST_CHUNK);
        }
        let start = self.rest.start;
        self.rest.start += class;
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::{Heap, HeapError, class};
    use crate::memory::Window;

    #[test]
    fn classes_hold_what_was_asked_for() {
        for size in (0..70_000).chain([262_143, 262_144]) {
            let class = class(size);
            assert!(class >= size && class.is_multiple_of(16), "{size}: {class}");
            assert!(class <= size + size / 4 + 16, "{size}: {class}");
        }
    }

    #[test]
    fn blocks_do_not_overlap_whatever_is_freed() {
        let window = Window::reserve().unwrap();
        let heap = Heap::default();
        let mut random = fastrand::Rng::with_seed(7);
        let mut live: Vec<(u64, u64)> = Vec::new();
        for _ in 0..5000 {
            if random.u8(..) < 140 {
                let bits = random.u32(1..20);
                let size = random.u64(..1 << bits);
                let alignment = 1 << random.u32(0..17);
                let (address, _) = heap.allocate(&window, size, alignment).unwrap();
                assert!(address.is_multiple_of(alignment.max(16)));
                for (other, length) in &live {
                    let apart = address + size <= *other || other + length <= address;
                    assert!(apart || size == 0 || *length == 0);
                    assert_ne!(address, *other);
                }
                window.write(address, &vec![1; size as usize]).unwrap();
                live.push((address, size));
            } else if !live.is_empty() {
                let (address, size) = live.swap_remove(random.usize(..live.len()));
                assert_eq!(heap.size(address), Ok(size));
                assert_eq!(heap.free(&window, address), Ok(()));
                assert_eq!(heap.free(&window, address), Err(HeapError::Freed));
            }
        }
        assert_eq!(heap.free(&window, 4096), Err(HeapError::NoBlock));
        assert_eq!(heap.allocate(&window, u64::MAX, 16), None);
        assert_eq!(heap.allocate(&window, i64::MAX as u64, 16), None);
    }
}
