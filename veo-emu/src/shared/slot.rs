//! How a request lies in a slot of the ring: written word by word by the host, read once
//! by the VE side.

use std::array::from_fn;

use veo_abi::word_class;

use crate::shared::class::{ResultClass, WordClass};
pub(crate) use crate::sync::MAX_WORDS;
use crate::sync::{AtomicU64, INLINE_WORDS, Ordering};

const EXTRA_WORDS: usize = MAX_WORDS - INLINE_WORDS;
const CLASS_WORDS: usize = word_class::words_for(MAX_WORDS);

/// The words that share a cache line with the fields of every request.
const NEAR_WORDS: usize = if INLINE_WORDS < 4 { INLINE_WORDS } else { 4 };

/// Where the classes of the words in the slot itself are in its header.
const CLASSES_SHIFT: u32 = 24;
const CLASSES_MASK: u64 = (1 << (2 * INLINE_WORDS)) - 1;

/// The task of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum RingOp {
    /// Call the function at `address` with the words as arguments.
    Call = 1,
    /// Do what the parcel says, answer in `reply`.
    Parcel = 2,
    /// End the context's thread.
    Close = 3,
}

/// A request as it goes into a slot.
#[derive(Clone, Copy)]
pub(crate) struct RingRequest<'a> {
    pub(crate) op: RingOp,
    pub(crate) address: u64,
    pub(crate) id: u64,
    pub(crate) words: &'a [u64],
    /// Packed.
    pub(crate) classes: &'a [u64],
    pub(crate) returns: ResultClass,
    /// The CPU that the host's thread runs on.
    pub(crate) cpu: u32,
}

/// A request as it came out of a slot: everything read once, everything in range.
pub(crate) struct Received {
    pub(crate) op: Option<RingOp>,
    pub(crate) address: u64,
    pub(crate) id: u64,
    pub(crate) count: usize,
    pub(crate) words: [u64; MAX_WORDS],
    /// Packed.
    pub(crate) classes: [u64; CLASS_WORDS],
    pub(crate) returns: ResultClass,
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
            returns: ResultClass::Word,
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
        &self.classes[..word_class::words_for(self.count).min(CLASS_WORDS)]
    }

    /// The class of word `index`.
    #[inline]
    pub(crate) fn class(&self, index: usize) -> WordClass {
        WordClass::at(&self.classes, index)
    }
}

#[repr(C, align(128))]
pub(crate) struct RingSlot {
    /// The position of the request, plus one, once it is there.
    pub(super) sequence: AtomicU64,
    header: AtomicU64,
    address: AtomicU64,
    id: AtomicU64,
    words: [AtomicU64; INLINE_WORDS],
}

/// The part of a call for which a slot has no room: the rest of the words, and the classes of all.
#[repr(C)]
pub(crate) struct SlotExtension {
    words: [AtomicU64; EXTRA_WORDS],
    classes: [AtomicU64; CLASS_WORDS],
}

impl Default for RingSlot {
    fn default() -> RingSlot {
        RingSlot {
            sequence: AtomicU64::default(),
            header: AtomicU64::default(),
            address: AtomicU64::default(),
            id: AtomicU64::default(),
            words: from_fn(|_| AtomicU64::default()),
        }
    }
}

impl Default for SlotExtension {
    fn default() -> SlotExtension {
        SlotExtension {
            words: from_fn(|_| AtomicU64::default()),
            classes: from_fn(|_| AtomicU64::default()),
        }
    }
}

impl RingSlot {
    /// Writes everything but the sequence.
    #[inline]
    pub(super) fn fill(&self, extension: &SlotExtension, request: RingRequest<'_>) {
        let count = request.words.len().min(MAX_WORDS);
        let classes = request.classes.first().copied().unwrap_or(0) & CLASSES_MASK;
        let header = request.op as u64
            | (count as u64) << 8
            | (request.returns as u64) << 20
            | classes << CLASSES_SHIFT
            | u64::from(request.cpu as u16) << 48;
        for (place, word) in self.words.iter().zip(request.words) {
            place.store(*word, Ordering::Relaxed);
        }
        if count > INLINE_WORDS {
            extension.fill(&request.words[INLINE_WORDS..], request.classes);
        }
        self.address.store(request.address, Ordering::Relaxed);
        self.id.store(request.id, Ordering::Relaxed);
        self.header.store(header, Ordering::Relaxed);
    }

    /// Reads everything but the sequence.
    #[inline]
    pub(super) fn read(&self, extension: &SlotExtension, into: &mut Received) {
        let header = self.header.load(Ordering::Relaxed);
        into.op = match header as u8 {
            1 => Some(RingOp::Call),
            2 => Some(RingOp::Parcel),
            3 => Some(RingOp::Close),
            _ => None,
        };
        into.count = ((header >> 8 & 0xfff) as usize).min(MAX_WORDS);
        into.returns = ResultClass::from_bits(header >> 20);
        into.address = self.address.load(Ordering::Relaxed);
        into.id = self.id.load(Ordering::Relaxed);
        // All that one cache line holds, needed or not: that takes no counting.
        let (near, far) = self.words.split_at(NEAR_WORDS);
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

    /// Id and address of the call that it holds, if it is one.
    pub(super) fn call(&self) -> Option<(u64, u64)> {
        let is_call = self.header.load(Ordering::Relaxed) as u8 == RingOp::Call as u8;
        let call = (
            self.id.load(Ordering::Relaxed),
            self.address.load(Ordering::Relaxed),
        );
        is_call.then_some(call)
    }

    /// The CPU of the host's thread that wrote it.
    #[inline]
    pub(super) fn cpu(&self) -> u32 {
        (self.header.load(Ordering::Relaxed) >> 48) as u32
    }

    /// Writes anything at all.
    #[cfg(test)]
    pub(super) fn damage(&self, extension: &SlotExtension, bits: u64) {
        self.header.store(bits, Ordering::Relaxed);
        self.id.store(!bits, Ordering::Relaxed);
        for word in &extension.classes {
            word.store(bits.rotate_left(7), Ordering::Relaxed);
        }
    }
}

impl SlotExtension {
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
