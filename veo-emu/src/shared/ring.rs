//! The ring of one context: requests go in slots, results come back in responses.
//!
//! ```text
//!   host: write slot p % SLOTS, then its `sequence` = p + 1 ──► VE: sees it, runs it
//!   VE: write response id % SLOTS, then its `tag` = id, state ──► host: sees it
//! ```
//!
//! Positions count what went through the ring, ids count the requests of the
//! context (some are done by the host alone). The host never has more than SLOTS
//! requests in the ring and takes every response before it reuses its place, so
//! neither side ever overwrites what the other has yet to read.
//!
//! Sleeping. A side that sleeps first says so (`asleep`, `wake_at`), then looks
//! once more, then sleeps on a futex; the other side first publishes, then looks
//! whether anyone sleeps. A full fence between the two steps on both sides makes
//! it impossible that both miss each other.

use crate::shared::class::{Class, PER_WORD, Returns};
use crate::sync::{
    AtomicU32, AtomicU64, INLINE_WORDS, Ordering, expect_write, fence, park, unpark,
};
pub(crate) use crate::sync::{MAX_WORDS, SLOTS};
use crate::sys::cpu::NO_CPU;
use std::time::Duration;

const EXTRA_WORDS: usize = MAX_WORDS - INLINE_WORDS;
const CLASS_WORDS: usize = MAX_WORDS.div_ceil(PER_WORD);

/// The words that share a cache line with what every request has.
const NEAR_WORDS: usize = if INLINE_WORDS < 4 { INLINE_WORDS } else { 4 };

/// Where the classes of the words in the slot itself are in its header.
const CLASSES_SHIFT: u32 = 24;
const CLASSES_MASK: u64 = (1 << (2 * INLINE_WORDS)) - 1;

/// Nobody waits for a response.
const NOBODY: u64 = u64::MAX;

/// What a slot asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Op {
    /// Call the function at `address` with the words as arguments.
    Call = 1,
    /// Do what the parcel says, answer in `reply`.
    Parcel = 2,
    /// End the context's thread.
    Close = 3,
}

/// How a request ended, as the VE side tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Ended {
    /// It returned.
    Done = 1,
    /// It could not be run.
    Refused = 2,
}

#[repr(C, align(128))]
#[derive(Default)]
pub(crate) struct Line<T>(pub(crate) T);

/// Alone in its cache line: the host reads one while the VE side writes the next.
#[repr(C, align(64))]
#[derive(Default)]
struct Response {
    value: AtomicU64,
    tag: AtomicU64,
}

#[repr(C, align(128))]
#[derive(Default)]
struct Slot {
    sequence: AtomicU64,
    header: AtomicU64,
    address: AtomicU64,
    id: AtomicU64,
    words: [AtomicU64; INLINE_WORDS],
}

/// What a slot has no room for: the rest of the words, and the classes of all.
#[repr(C)]
struct Extension {
    words: [AtomicU64; EXTRA_WORDS],
    classes: [AtomicU64; CLASS_WORDS],
}

/// The shared part of a context.
#[repr(C, align(128))]
pub(crate) struct Ring {
    /// 1: the VE side sleeps on this word.
    asleep: Line<AtomicU32>,
    /// The lowest id whose response someone on the host waits for, asleep.
    wake_at: Line<AtomicU64>,
    /// What the host's threads sleep on; counts wake-ups.
    generation: Line<AtomicU32>,
    /// The CPU the VE side last ran on.
    ve_cpu: Line<AtomicU32>,
    /// Id of the request that runs, plus one. For reports after a death.
    running: Line<AtomicU64>,
    /// The answer to the last parcel.
    reply: Line<Response>,
    responses: [Response; SLOTS],
    slots: [Slot; SLOTS],
    extensions: [Extension; SLOTS],
}

// SAFETY: atomic integers only, repr(C).
unsafe impl crate::sys::memfd::Shared for Ring {}

/// A request as it goes into a slot.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) op: Op,
    pub(crate) address: u64,
    pub(crate) id: u64,
    pub(crate) words: &'a [u64],
    /// Packed.
    pub(crate) classes: &'a [u64],
    pub(crate) returns: Returns,
    /// The CPU that the host's thread runs on.
    pub(crate) cpu: u32,
}

/// A request as it came out of a slot: everything read once, everything in range.
pub(crate) struct Received {
    pub(crate) op: Option<Op>,
    pub(crate) address: u64,
    pub(crate) id: u64,
    pub(crate) count: usize,
    pub(crate) words: [u64; MAX_WORDS],
    /// Packed.
    pub(crate) classes: [u64; CLASS_WORDS],
    pub(crate) returns: Returns,
}

impl Received {
    pub(crate) const fn new() -> Received {
        Received {
            op: None,
            address: 0,
            id: 0,
            count: 0,
            words: [0; MAX_WORDS],
            classes: [0; CLASS_WORDS],
            returns: Returns::Word,
        }
    }

    /// The words of the call.
    #[inline]
    pub(crate) fn words(&self) -> &[u64] {
        &self.words[..self.count.min(MAX_WORDS)]
    }

    /// Their classes, packed.
    #[inline]
    pub(crate) fn classes(&self) -> &[u64] {
        &self.classes[..self.count.div_ceil(PER_WORD).min(CLASS_WORDS)]
    }

    /// The class of word `index`.
    #[inline]
    pub(crate) fn class(&self, index: usize) -> Class {
        Class::at(&self.classes, index)
    }
}

impl Extension {
    fn fill(&self, words: &[u64], classes: &[u64]) {
        for (place, word) in self.words.iter().zip(words) {
            place.store(*word, Ordering::Relaxed);
        }
        for (place, packed) in self.classes.iter().zip(classes) {
            place.store(*packed, Ordering::Relaxed);
        }
    }

    fn read(&self, words: &mut [u64], classes: &mut [u64]) {
        for (word, place) in words.iter_mut().zip(&self.words) {
            *word = place.load(Ordering::Relaxed);
        }
        for (packed, place) in classes.iter_mut().zip(&self.classes) {
            *packed = place.load(Ordering::Relaxed);
        }
    }
}

impl Ring {
    #[inline]
    fn slot(&self, position: u64) -> (&Slot, &Extension) {
        let index = (position % SLOTS as u64) as usize;
        (&self.slots[index], &self.extensions[index])
    }

    #[inline]
    fn response_of(&self, id: u64) -> &Response {
        &self.responses[(id % SLOTS as u64) as usize]
    }

    // ---- host side ----

    /// Puts a request into the slot of `position` and wakes the VE side if it sleeps.
    /// Only the holder of the context's lock calls this, with a free slot.
    #[inline]
    pub(crate) fn publish(&self, position: u64, request: Request<'_>) {
        let (slot, extension) = self.slot(position);
        let count = request.words.len().min(MAX_WORDS);
        let classes = request.classes.first().copied().unwrap_or(0) & CLASSES_MASK;
        let header = request.op as u64
            | (count as u64) << 8
            | (request.returns as u64) << 20
            | classes << CLASSES_SHIFT
            | u64::from(request.cpu as u16) << 48;
        for (place, word) in slot.words.iter().zip(request.words) {
            place.store(*word, Ordering::Relaxed);
        }
        if count > INLINE_WORDS {
            extension.fill(&request.words[INLINE_WORDS..], request.classes);
        }
        slot.address.store(request.address, Ordering::Relaxed);
        slot.id.store(request.id, Ordering::Relaxed);
        slot.header.store(header, Ordering::Relaxed);
        slot.sequence.store(position + 1, Ordering::Release);
        // The VE side has read this one last; fetching it back takes a while.
        expect_write(self.slot(position + 2).0);
        fence(Ordering::SeqCst);
        if self.asleep.0.load(Ordering::Relaxed) != 0 {
            self.asleep.0.store(0, Ordering::Relaxed);
            unpark(&self.asleep.0);
        }
    }

    /// The response to request `id`, if it is there.
    #[inline]
    pub(crate) fn response(&self, id: u64) -> Option<(Ended, u64)> {
        let response = self.response_of(id);
        let ended = Self::ended(response.tag.load(Ordering::Acquire), id)?;
        Some((ended, response.value.load(Ordering::Relaxed)))
    }

    /// The answer to parcel number `number`, if it is there.
    #[inline]
    pub(crate) fn reply(&self, number: u64) -> Option<(Ended, u64)> {
        let ended = Self::ended(self.reply.0.tag.load(Ordering::Acquire), number)?;
        Some((ended, self.reply.0.value.load(Ordering::Relaxed)))
    }

    #[inline]
    fn ended(tag: u64, id: u64) -> Option<Ended> {
        if tag >> 8 != (id + 1) & (u64::MAX >> 8) {
            return None;
        }
        Some(if tag & 0xff == Ended::Done as u64 {
            Ended::Done
        } else {
            Ended::Refused
        })
    }

    /// Marks the response to a request that the host answered by itself, so that
    /// kernels can ask for its result. Only while nothing is in the ring.
    #[inline]
    pub(crate) fn answer(&self, id: u64, value: u64) {
        let response = self.response_of(id);
        response.value.store(value, Ordering::Relaxed);
        let tag = (id + 1) << 8 | Ended::Done as u64;
        response.tag.store(tag, Ordering::Release);
    }

    /// The CPU the VE side last ran on.
    #[inline]
    pub(crate) fn ve_cpu(&self) -> u32 {
        self.ve_cpu.0.load(Ordering::Relaxed)
    }

    /// The request that runs, as far as the VE side told.
    pub(crate) fn running(&self) -> Option<u64> {
        self.running.0.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Begins a wait: pass the result to `sleep` after looking once more.
    #[inline]
    pub(crate) fn generation(&self) -> u32 {
        self.generation.0.load(Ordering::Acquire)
    }

    /// Asks to be woken when the response of `id` is there. The caller looks at
    /// everything it waits for after this, and sleeps only if nothing is there.
    pub(crate) fn arm(&self, id: u64) {
        self.wake_at.0.fetch_min(id, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// Sleeps until the generation is no longer `seen`, or for `timeout`.
    pub(crate) fn sleep(&self, seen: u32, timeout: Option<Duration>) {
        park(&self.generation.0, seen, timeout);
    }

    /// Counts an event, so that nobody who looked before it goes to sleep.
    pub(crate) fn count_event(&self) {
        self.generation.0.fetch_add(1, Ordering::Release);
    }

    /// Wakes every thread of the host that sleeps here.
    pub(crate) fn wake_host(&self) {
        self.count_event();
        unpark(&self.generation.0);
    }

    // ---- VE side ----

    /// Whether the request of `position` is there.
    #[inline]
    pub(crate) fn is_there(&self, position: u64) -> bool {
        self.slot(position).0.sequence.load(Ordering::Acquire) == position + 1
    }

    /// The CPU of the host's thread that posted the request before `position`.
    #[inline]
    pub(crate) fn host_cpu(&self, position: u64) -> u32 {
        match position.checked_sub(1) {
            Some(last) => (self.slot(last).0.header.load(Ordering::Relaxed) >> 48) as u32,
            None => NO_CPU,
        }
    }

    /// Takes the request of `position`, which is there.
    #[inline]
    pub(crate) fn take(&self, position: u64, into: &mut Received) {
        let (slot, extension) = self.slot(position);
        let header = slot.header.load(Ordering::Relaxed);
        into.op = match header as u8 {
            1 => Some(Op::Call),
            2 => Some(Op::Parcel),
            3 => Some(Op::Close),
            _ => None,
        };
        into.count = ((header >> 8 & 0xfff) as usize).min(MAX_WORDS);
        into.returns = Returns::from_bits(header >> 20);
        into.address = slot.address.load(Ordering::Relaxed);
        into.id = slot.id.load(Ordering::Relaxed);
        // All that one cache line holds, needed or not: that takes no counting.
        let (near, far) = slot.words.split_at(NEAR_WORDS);
        for (index, word) in near.iter().enumerate() {
            into.words[index] = word.load(Ordering::Relaxed);
        }
        if into.count > NEAR_WORDS {
            for (index, word) in far.iter().enumerate() {
                into.words[NEAR_WORDS + index] = word.load(Ordering::Relaxed);
            }
        }
        into.classes[0] = header >> CLASSES_SHIFT & CLASSES_MASK;
        if into.count > INLINE_WORDS {
            extension.read(&mut into.words[INLINE_WORDS..into.count], &mut into.classes);
        }
    }

    /// Says which request runs now, for reports after a death.
    #[inline]
    pub(crate) fn set_running(&self, id: Option<u64>) {
        if let Some(id) = id {
            // The host has read this one last; fetching it back takes a while.
            expect_write(self.response_of(id.wrapping_add(1)));
        }
        let running = id.map_or(0, |id| id.wrapping_add(1));
        self.running.0.store(running, Ordering::Relaxed);
    }

    /// Says on which CPU the VE side runs.
    #[inline]
    pub(crate) fn set_ve_cpu(&self, cpu: u32) {
        if self.ve_cpu.0.load(Ordering::Relaxed) != cpu {
            self.ve_cpu.0.store(cpu, Ordering::Relaxed);
        }
    }

    /// Publishes the result of request `id` and wakes the host if it waits for it.
    #[inline]
    pub(crate) fn complete(&self, id: u64, ended: Ended, value: u64) {
        let response = self.response_of(id);
        response.value.store(value, Ordering::Relaxed);
        response
            .tag
            .store((id + 1) << 8 | ended as u64, Ordering::Release);
        fence(Ordering::SeqCst);
        if self.wake_at.0.load(Ordering::Relaxed) <= id {
            self.wake_sleepers();
        }
    }

    /// Answers parcel `number` and wakes whoever waits.
    pub(crate) fn complete_parcel(&self, number: u64, ended: Ended, value: u64) {
        self.reply.0.value.store(value, Ordering::Relaxed);
        let tag = (number + 1) << 8 | ended as u64;
        self.reply.0.tag.store(tag, Ordering::Release);
        fence(Ordering::SeqCst);
        if self.wake_at.0.load(Ordering::Relaxed) != NOBODY {
            self.wake_sleepers();
        }
    }

    #[cold]
    fn wake_sleepers(&self) {
        self.wake_at.0.swap(NOBODY, Ordering::AcqRel);
        self.wake_host();
    }

    /// The result of an earlier request, for a kernel that runs behind it.
    pub(crate) fn earlier_result(&self, id: u64) -> Option<u64> {
        self.response(id).map(|(_, value)| value)
    }

    /// Sleeps until the request of `position` is there, or for no reason.
    pub(crate) fn sleep_for_request(&self, position: u64) {
        self.asleep.0.store(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if self.is_there(position) {
            self.asleep.0.store(0, Ordering::Relaxed);
            return;
        }
        park(&self.asleep.0, 1, None);
    }

    /// Prepares fresh zeroed memory: nobody waits.
    pub(crate) fn initialise(&self) {
        self.wake_at.0.store(NOBODY, Ordering::Relaxed);
        self.ve_cpu.0.store(NO_CPU, Ordering::Relaxed);
    }

    /// A ring in memory of its own, for the model in `tests/ring_model.rs`.
    #[cfg(test)]
    #[allow(dead_code)]
    pub(crate) fn alone() -> Ring {
        use std::array::from_fn;
        let ring = Ring {
            asleep: Line::default(),
            wake_at: Line::default(),
            generation: Line::default(),
            ve_cpu: Line::default(),
            running: Line::default(),
            reply: Line::default(),
            responses: from_fn(|_| Response::default()),
            slots: from_fn(|_| Slot {
                sequence: AtomicU64::default(),
                header: AtomicU64::default(),
                address: AtomicU64::default(),
                id: AtomicU64::default(),
                words: from_fn(|_| AtomicU64::default()),
            }),
            extensions: from_fn(|_| Extension {
                words: from_fn(|_| AtomicU64::default()),
                classes: from_fn(|_| AtomicU64::default()),
            }),
        };
        ring.initialise();
        ring
    }

    /// Writes anything at all into the words that the other side owns.
    #[cfg(test)]
    pub(crate) fn damage(&self, position: u64, bits: u64) {
        let (slot, extension) = self.slot(position);
        slot.header.store(bits, Ordering::Relaxed);
        slot.id.store(!bits, Ordering::Relaxed);
        for word in &extension.classes {
            word.store(bits.rotate_left(7), Ordering::Relaxed);
        }
        self.response_of(position)
            .tag
            .store(bits, Ordering::Relaxed);
    }
}
