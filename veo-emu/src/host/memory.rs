//! VE memory as the host sees it: reserving, finding and copying.
//!
//! Every page that is handed out was reserved in the file first, so a copy cannot
//! run out of memory half way. Pages are given back only while no copy is under way.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::arena::{Arena, Ranges};
use super::node::Node;
use crate::shared::control::Control;
use crate::shared::window::Layout;
use crate::sync::{Ordering, lock};
use crate::sys::descriptor::Kept;
use crate::sys::memfd::{self, Mapping};
use crate::sys::thread::Uncancelled;

/// Free but reserved memory that is kept for the next allocation.
const SPARE: u64 = 4 << 20;

/// Unit of reservation: small blocks then need no system call each.
const CHUNK: u64 = 64 << 10;

/// From this size on the machine is asked whether it has the memory at all.
const LARGE: u64 = 16 << 20;

struct Region {
    arena: Arena,
    reserved: Ranges,
    /// Bytes reserved, and bytes in blocks.
    held: u64,
    used: u64,
    /// Copies under way.
    pins: u32,
}

impl Region {
    fn new(offsets: Range<u64>) -> Mutex<Region> {
        Mutex::new(Region {
            arena: Arena::new(offsets.start, offsets.end),
            reserved: Ranges::default(),
            held: 0,
            used: 0,
            pins: 0,
        })
    }
}

/// The memory of one process.
pub(crate) struct Memory {
    file: Kept,
    mapping: Mapping,
    control: Arc<Mapping>,
    node: &'static Node,
    layout: Layout,
    heap: Mutex<Region>,
    staging: Mutex<Region>,
}

/// A range of VE memory that stays as it is while a copy is under way.
pub(crate) struct Pinned<'a> {
    memory: &'a Memory,
    place: *mut u8,
}

impl Pinned<'_> {
    /// Where the range lies in this process.
    pub(crate) fn place(&self) -> *mut u8 {
        self.place
    }
}

impl Drop for Pinned<'_> {
    fn drop(&mut self) {
        lock(&self.memory.heap).pins -= 1;
    }
}

impl Memory {
    /// The memory behind `file`, whose mapping and control page are given.
    pub(crate) fn new(
        file: Kept,
        mapping: Mapping,
        control: Arc<Mapping>,
        node: &'static Node,
        layout: Layout,
    ) -> Memory {
        assert!(layout.staging().end <= mapping.len() as u64);
        Memory {
            file,
            mapping,
            control,
            node,
            layout,
            heap: Region::new(layout.heap()),
            staging: Region::new(layout.staging()),
        }
    }

    /// Whether the address lies in the window, allocated or not.
    pub(crate) fn contains(&self, address: u64) -> bool {
        let offset = self.layout.window.offset(address);
        offset.is_some_and(|offset| offset < self.layout.staging().end)
    }

    /// Allocates a block and returns its VE address, or why there is none.
    pub(crate) fn alloc(&self, size: u64) -> Result<u64, String> {
        let out_of_memory = |why: &str| Err(format!("no {size} bytes of VE memory: {why}"));
        let Some(len) = Arena::block_len(size).filter(|len| *len <= self.layout.heap) else {
            return out_of_memory(&format!("the process has {} in all", self.layout.heap));
        };
        if !self.node.take(len) {
            return out_of_memory(&format!("the node has {} left", self.node.available()));
        }
        if len >= LARGE && super::node::machine_available().is_some_and(|left| left < len) {
            self.node.give(len);
            return out_of_memory("the machine itself has less left");
        }
        let mut heap = lock(&self.heap);
        let Some(start) = heap.arena.alloc(size) else {
            drop(heap);
            self.node.give(len);
            return out_of_memory("no free range is that long");
        };
        heap.used += len;
        let end = (start + len).next_multiple_of(CHUNK).min(self.layout.heap);
        if let Err(error) = self.reserve(&mut heap, start / CHUNK * CHUNK, end) {
            heap.used -= len;
            heap.arena.free(start);
            drop(heap);
            self.node.give(len);
            return out_of_memory(&format!("the machine does not give it: {error}"));
        }
        let extent = heap.reserved.end();
        let shared = &self.control.view::<Control>().extent;
        if extent > shared.load(Ordering::Relaxed) {
            shared.store(extent, Ordering::Release);
        }
        Ok(self.layout.window.base + start)
    }

    fn reserve(&self, region: &mut Region, start: u64, end: u64) -> std::io::Result<()> {
        if region.reserved.cover(start, end) {
            return Ok(());
        }
        let _held = Uncancelled::new();
        for (from, to) in region.reserved.missing(start, end) {
            memfd::reserve(self.file.get()?, from, to - from)?;
            region.held += region.reserved.add(from, to);
        }
        Ok(())
    }

    /// Frees a block. `false` if none begins at this address.
    pub(crate) fn free(&self, address: u64) -> bool {
        let Some(start) = self.layout.window.offset(address) else {
            return false;
        };
        let mut heap = lock(&self.heap);
        let Some((len, range)) = heap.arena.free(start) else {
            return false;
        };
        heap.used -= len;
        self.trim(&mut heap, range);
        drop(heap);
        self.node.give(len);
        true
    }

    fn trim(&self, region: &mut Region, free: Range<u64>) {
        let start = free.start.next_multiple_of(CHUNK);
        let end = free.end / CHUNK * CHUNK;
        if region.pins > 0 || start >= end || region.held.saturating_sub(region.used) <= SPARE {
            return;
        }
        self.release(start, end - start);
        let before = region.reserved.missing(start, end);
        let missing: u64 = before.iter().map(|(a, b)| b - a).sum();
        region.reserved.remove(start, end);
        region.held -= (end - start) - missing;
    }

    /// Gives pages back, if the program has left us the file.
    fn release(&self, start: u64, len: u64) {
        let _held = Uncancelled::new();
        if let Ok(file) = self.file.get() {
            memfd::release(file, start, len);
        }
    }

    /// Finds a range of the heap, all of it in reserved pages, for a copy.
    pub(crate) fn pin(&self, address: u64, len: u64) -> Option<Pinned<'_>> {
        let start = self.layout.window.offset(address)?;
        let end = start.checked_add(len)?;
        let mut heap = lock(&self.heap);
        if end > self.layout.heap || !heap.reserved.cover(start, end) {
            return None;
        }
        heap.pins += 1;
        Some(Pinned {
            memory: self,
            place: self.mapping.base().wrapping_add(start as usize),
        })
    }

    /// Room for the stack buffers of a call.
    pub(crate) fn stage(&self, len: u64) -> Result<Staging, NoRoom> {
        let mut region = lock(&self.staging);
        let start = region.arena.alloc(len).ok_or(NoRoom::Now)?;
        let block = Arena::block_len(len).unwrap_or(len);
        let from = start / CHUNK * CHUNK;
        let to = (start + block)
            .next_multiple_of(CHUNK)
            .min(self.layout.staging().end);
        if let Err(error) = self.reserve(&mut region, from, to) {
            region.arena.free(start);
            return Err(if region.used == 0 {
                NoRoom::Ever(format!(
                    "no memory for {len} bytes of stack buffers: {error}"
                ))
            } else {
                NoRoom::Now
            });
        }
        region.used += block;
        Ok(Staging {
            address: self.layout.window.base + start,
            place: self.mapping.base().wrapping_add(start as usize),
        })
    }

    /// Gives the room of a call back.
    pub(crate) fn unstage(&self, staging: Staging) {
        let start = staging.address - self.layout.window.base;
        let mut region = lock(&self.staging);
        if let Some((len, range)) = region.arena.free(start) {
            region.used -= len;
            self.trim(&mut region, range);
        }
    }

    /// Gives everything back, when the process has ended.
    pub(crate) fn abandon(&self) {
        let mut heap = lock(&self.heap);
        self.node.give(heap.used);
        heap.used = 0;
        heap.arena = Arena::new(0, 0);
        heap.reserved = Ranges::default();
        heap.held = 0;
        if heap.pins == 0 {
            self.release(0, self.layout.heap);
        }
    }
}

/// Why a call's stack buffers have no place.
pub(crate) enum NoRoom {
    /// Calls that are under way have it.
    Now,
    /// The machine does not give it; why.
    Ever(String),
}

/// Room for the stack buffers of one call.
pub(crate) struct Staging {
    pub(crate) address: u64,
    pub(crate) place: *mut u8,
}

// SAFETY: the place is an address in a mapping that lives as long as the memory the
// staging came from; what lies there is only copied.
unsafe impl Send for Staging {}

impl Drop for Memory {
    fn drop(&mut self) {
        self.abandon();
    }
}
