//! VE memory from the host's side: reserving, finding and copying.
//!
//! Every page that is handed out was reserved in the file first, so a copy cannot
//! run out of memory half way. Pages are given back only while no copy is under way.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::arena::{Arena, Ranges};
use super::args::StackBuffer;
use super::guard::{BlockPlace, Guarded};
use super::node::Node;
use super::stack_guard::StackBlocks;
use crate::shared::control::Control;
use crate::shared::guard::{FRESH, GAP, GuardedSpan, Guarding, PATTERN};
use crate::shared::window::MemoryLayout;
use crate::sync::{Ordering, lock};
use crate::sys::descriptor::KeptDescriptor;
use crate::sys::memfd::{self, Mapping};
use crate::sys::thread::Uncancelled;

/// Free but reserved memory that is kept for the next allocation.
const SPARE: u64 = 4 << 20;

/// Unit of reservation: small blocks then need no system call each.
const CHUNK: u64 = 64 << 10;

/// From this size on, the machine is asked whether it has the memory at all.
const LARGE: u64 = 16 << 20;

struct BlockRegion {
    arena: Arena,
    reserved: Ranges,
    /// Bytes reserved, and bytes in blocks.
    held: u64,
    used: u64,
    /// Copies under way.
    pins: u32,
}

impl BlockRegion {
    fn new(offsets: Range<u64>) -> Mutex<BlockRegion> {
        Mutex::new(BlockRegion {
            arena: Arena::new(offsets.start, offsets.end),
            reserved: Ranges::default(),
            held: 0,
            used: 0,
            pins: 0,
        })
    }
}

/// The use of a process's memory.
#[derive(Clone, Copy)]
pub(crate) struct MemoryPlan {
    pub(crate) layout: MemoryLayout,
    /// Bytes that the program may allocate. Blocks that are guarded are spread over more.
    pub(crate) capacity: u64,
    pub(crate) guard: Guarding,
}

/// The memory of one process.
pub(crate) struct VeMemory {
    file: KeptDescriptor,
    mapping: Mapping,
    control: Arc<Mapping>,
    node: &'static Node,
    layout: MemoryLayout,
    capacity: u64,
    guard: Guarding,
    heap: Mutex<BlockRegion>,
    /// The blocks, if they are guarded. It is locked before the heap.
    guarded: Option<Mutex<Guarded>>,
    staging: Mutex<BlockRegion>,
    /// The blocks in the staging area, if memory is guarded.
    stacks: StackBlocks,
}

/// A range of VE memory that stays as it is while a copy is under way.
pub(crate) struct Pinned<'a> {
    memory: &'a VeMemory,
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

/// As [`Pinned`], for as long as somebody outside uses the range, whatever becomes of the process.
pub(crate) struct HeldRange {
    memory: Arc<VeMemory>,
    place: *mut u8,
}

// SAFETY: the place is an address in the mapping that the memory keeps; nothing here follows it.
unsafe impl Send for HeldRange {}

impl HeldRange {
    /// Where the range lies in this process.
    pub(crate) fn place(&self) -> *mut u8 {
        self.place
    }
}

impl Drop for HeldRange {
    fn drop(&mut self) {
        lock(&self.memory.heap).pins -= 1;
    }
}

impl VeMemory {
    /// The memory behind `file`, whose mapping and control page are given.
    pub(crate) fn new(
        file: KeptDescriptor,
        mapping: Mapping,
        control: Arc<Mapping>,
        node: &'static Node,
        plan: MemoryPlan,
    ) -> VeMemory {
        let MemoryPlan {
            layout,
            capacity,
            guard,
        } = plan;
        assert!(layout.staging().end <= mapping.len() as u64);
        VeMemory {
            file,
            mapping,
            control,
            node,
            layout,
            capacity,
            guard,
            heap: BlockRegion::new(match guard.closes_pages() {
                // The last block must not touch what lies behind the heap.
                true => 0..layout.heap.saturating_sub(GAP),
                false => layout.heap(),
            }),
            guarded: guard.is_on().then(|| {
                let page = memfd::page_size();
                Mutex::new(Guarded::new(guard, layout.window.base, layout.heap, page))
            }),
            staging: BlockRegion::new(layout.staging()),
            stacks: StackBlocks::default(),
        }
    }

    /// Whether the address lies in the window, allocated or not.
    pub(crate) fn contains(&self, address: u64) -> bool {
        let offset = self.layout.window.offset(address);
        offset.is_some_and(|offset| offset < self.layout.staging().end)
    }

    /// Whether the address is one that blocks are in.
    fn in_heap(&self, address: u64) -> bool {
        let offset = self.layout.window.offset(address);
        offset.is_some_and(|offset| offset < self.layout.heap)
    }

    /// Bytes that the program may allocate.
    pub(crate) fn capacity(&self) -> u64 {
        self.capacity
    }

    /// How blocks are guarded.
    pub(crate) fn guard(&self) -> Guarding {
        self.guard
    }

    /// Allocates a block and returns its VE address, or why there is none. A guarded block is to
    /// be opened before it is used.
    pub(crate) fn alloc(&self, size: u64) -> Result<NewBlock, String> {
        let out_of_memory = |why: &str| Err(format!("no {size} bytes of VE memory: {why}"));
        let Some(len) = Arena::block_len(size).filter(|len| *len <= self.capacity) else {
            return out_of_memory(&format!("the process has {} in all", self.capacity));
        };
        if !self.node.take(len) {
            return out_of_memory(&format!("the node has {} left", self.node.available()));
        }
        if len >= LARGE && super::node::machine_available().is_some_and(|left| left < len) {
            self.node.give(len);
            return out_of_memory("the machine itself has less left");
        }
        let mut guarded = self.guarded.as_ref().map(lock);
        let mut heap = lock(&self.heap);
        let no_range = || Err("no free range is that long".to_owned());
        let placed = match &mut guarded {
            // An arena of just that length has no more.
            None => heap.arena.alloc(size).map_or_else(no_range, |start| {
                Ok(NewBlock::Plain(self.layout.window.base + start))
            }),
            Some(_) if heap.used + len > self.capacity => Err(format!(
                "the process has {} left",
                self.capacity.saturating_sub(heap.used)
            )),
            Some(guarded) => guarded
                .place(&mut heap.arena, size)
                .map_or_else(no_range, |span| Ok(NewBlock::Guarded(span))),
        };
        let reserved = placed.and_then(|block| {
            heap.used += len;
            self.show(&heap);
            let (start, end) = match &block {
                NewBlock::Guarded(span) => (
                    span.open.start - self.layout.window.base,
                    span.open.end - self.layout.window.base,
                ),
                NewBlock::Plain(address) => (
                    address - self.layout.window.base,
                    address - self.layout.window.base + len,
                ),
            };
            let (from, to) = if self.guard.closes_pages() {
                (start, end)
            } else {
                let end = end.next_multiple_of(CHUNK).min(self.layout.heap);
                (start / CHUNK * CHUNK, end)
            };
            let reserved = self.reserve(&mut heap, from, to);
            if let Err(error) = reserved {
                heap.used -= len;
                self.show(&heap);
                match (&mut guarded, &block) {
                    (Some(guarded), NewBlock::Guarded(span)) => {
                        guarded.forget(&mut heap.arena, span)
                    }
                    _ => drop(heap.arena.free(start)),
                }
                return Err(format!("the machine does not give it: {error}"));
            }
            Ok(block)
        });
        let block = match reserved {
            Ok(block) => block,
            Err(why) => {
                drop(heap);
                self.node.give(len);
                return out_of_memory(&why);
            }
        };
        drop(guarded);
        if self.guard.closes_pages() {
            if let NewBlock::Guarded(span) = &block {
                heap.pins += 1;
                drop(heap);
                self.fill(span);
                lock(&self.heap).pins -= 1;
            }
            return Ok(block);
        }
        let extent = heap.reserved.end();
        let shared = &self.control.view::<Control>().extent;
        if extent > shared.load(Ordering::Relaxed) {
            shared.store(extent, Ordering::Release);
        }
        Ok(block)
    }

    /// Shows others how much is in use.
    fn show(&self, heap: &BlockRegion) {
        let control = self.control.view::<Control>();
        control.shown.set_used(heap.used);
    }

    /// Fills a block with a value that is no number, and the memory around it with the pattern.
    /// Its pages are reserved and stay so meanwhile.
    fn fill(&self, span: &GuardedSpan) {
        self.put(span.before(), PATTERN);
        self.put(span.block.clone(), FRESH);
        self.put(span.behind(), PATTERN);
    }

    /// Fills addresses, whose pages are reserved, with words that depend on the address, at
    /// multiples of 8. The range may begin and end within such a word.
    fn put(&self, range: Range<u64>, word: u64) {
        let longest = (range.end - range.start + 8).min(4096) as usize;
        let mut buffer = [0u8; 4096];
        for (place, byte) in buffer[..longest]
            .iter_mut()
            .zip(word.to_le_bytes().iter().cycle())
        {
            *place = *byte;
        }
        let mut at = range.start;
        while at < range.end {
            let skipped = at % 8;
            let len = (range.end - at).min(longest as u64 - skipped);
            let place = self
                .mapping
                .base()
                .wrapping_add((at - self.layout.window.base) as usize);
            let source = &buffer[skipped as usize..];
            // SAFETY: the range lies in the mapping and its pages are reserved; the buffer
            // has `len` bytes behind what is skipped.
            unsafe { memfd::copy(place, source.as_ptr(), len as usize) };
            at += len;
        }
    }

    /// Prepares the room of a call for its stack buffers at these offsets: with the pattern around
    /// each, and headers.
    pub(crate) fn fence(&self, staging: &StagingRoom, buffers: &[StackBuffer], offsets: &[u64]) {
        for (buffer, offset) in buffers.iter().zip(offsets) {
            let span = GuardedSpan::on_stack(staging.address + offset, buffer.len);
            self.fill(&span);
            let (header, [first, second]) = span.header();
            self.put(header..header + 8, first);
            self.put(header + 8..header + 16, second);
        }
        self.stacks.note(staging.address, buffers, offsets);
    }

    /// Gives a block back that could not be opened.
    pub(crate) fn forget(&self, span: &GuardedSpan) {
        let Some(guarded) = &self.guarded else { return };
        let mut guarded = lock(guarded);
        let mut heap = lock(&self.heap);
        self.give_guarded(&mut heap, &span.block);
        guarded.forget(&mut heap.arena, span);
    }

    /// Takes a guarded block out of use: it is to be closed, then `discard`ed. `None`: no block
    /// begins at this address.
    pub(crate) fn retire(&self, address: u64) -> Option<GuardedSpan> {
        let mut guarded = lock(self.guarded.as_ref()?);
        let span = guarded.retire(address)?;
        self.give_guarded(&mut lock(&self.heap), &span.block);
        Some(span)
    }

    /// Counts the memory of a guarded block as free. If the process has ended, it is counted so
    /// already.
    fn give_guarded(&self, heap: &mut BlockRegion, block: &Range<u64>) {
        if let Some(len) = Arena::block_len(block.end - block.start)
            && heap.used >= len
        {
            heap.used -= len;
            self.show(heap);
            self.node.give(len);
        }
    }

    /// Gives the pages of a block back that was closed. Its addresses are not used again for a
    /// while.
    pub(crate) fn discard(&self, span: &GuardedSpan) {
        let Some(guarded) = &self.guarded else { return };
        let mut guarded = lock(guarded);
        let mut heap = lock(&self.heap);
        guarded.keep(span);
        // While a copy is under way, the next block that is freed takes this one along.
        let closed = match heap.pins {
            0 => guarded.take_resident(),
            _ => Vec::new(),
        };
        for pages in closed {
            let (start, end) = (
                pages.start - self.layout.window.base,
                pages.end - self.layout.window.base,
            );
            self.release(start, end - start);
            let missing = heap.reserved.missing(start, end);
            let missing: u64 = missing.iter().map(|(from, to)| to - from).sum();
            heap.reserved.remove(start, end);
            heap.held = heap.held.saturating_sub((end - start) - missing);
        }
        guarded.shrink(&mut heap.arena);
    }

    /// Notes what messages are to call a block. `false`: none begins there, or blocks are not
    /// guarded.
    pub(crate) fn name(&self, address: u64, name: &str) -> bool {
        let guarded = self.guarded.as_ref();
        guarded.is_some_and(|guarded| lock(guarded).name(address, name))
    }

    /// Where an address lies, by the nearest block or stack buffer, if they are guarded.
    pub(crate) fn explain(&self, address: u64) -> Option<BlockPlace> {
        let guarded = self.guarded.as_ref()?;
        if self.in_heap(address) {
            return lock(guarded).explain(address);
        }
        let in_staging = self.contains(address);
        in_staging.then(|| self.stacks.explain(address)).flatten()
    }

    /// Whether the program may copy these bytes: where blocks are guarded, they lie in one.
    pub(crate) fn may_be_copied(&self, address: u64, len: u64) -> bool {
        let Some(guarded) = &self.guarded else {
            return true;
        };
        let in_heap = self.in_heap(address);
        !in_heap || lock(guarded).holds(address, len)
    }

    fn reserve(&self, region: &mut BlockRegion, start: u64, end: u64) -> std::io::Result<()> {
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
        self.show(&heap);
        self.trim(&mut heap, range);
        drop(heap);
        self.node.give(len);
        true
    }

    fn trim(&self, region: &mut BlockRegion, free: Range<u64>) {
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

    /// As [`pin`](Self::pin), for somebody outside.
    pub(crate) fn hold(self: &Arc<Self>, address: u64, len: u64) -> Option<HeldRange> {
        let pinned = self.pin(address, len)?;
        let place = pinned.place;
        // The new value takes over the count.
        std::mem::forget(pinned);
        Some(HeldRange {
            memory: Arc::clone(self),
            place,
        })
    }

    /// Room for the stack buffers of a call.
    pub(crate) fn stage(&self, len: u64) -> Result<StagingRoom, NoRoom> {
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
        Ok(StagingRoom {
            address: self.layout.window.base + start,
            place: self.mapping.base().wrapping_add(start as usize),
        })
    }

    /// Gives the room of a call back.
    pub(crate) fn unstage(&self, staging: StagingRoom) {
        let start = staging.address - self.layout.window.base;
        if self.guard.is_on() {
            for header in self.stacks.forget(staging.address) {
                self.put(header..header + 16, 0);
            }
        }
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
        self.show(&heap);
        heap.arena = Arena::new(0, 0);
        heap.reserved = Ranges::default();
        heap.held = 0;
        if heap.pins == 0 {
            self.release(0, self.layout.heap);
        }
    }
}

/// A block that was allocated.
pub(crate) enum NewBlock {
    /// Its address, which may be used at once.
    Plain(u64),
    /// The range that the VE process must open.
    Guarded(GuardedSpan),
}

/// Why a call's stack buffers have no place.
pub(crate) enum NoRoom {
    /// Calls that are under way have it.
    Now,
    /// The machine does not give it, for this reason.
    Ever(String),
}

/// Room for the stack buffers of one call.
pub(crate) struct StagingRoom {
    pub(crate) address: u64,
    pub(crate) place: *mut u8,
}

// SAFETY: the place is an address in a mapping that lives as long as the memory the
// staging came from; what lies there is only copied.
unsafe impl Send for StagingRoom {}

impl Drop for VeMemory {
    fn drop(&mut self) {
        self.abandon();
    }
}
