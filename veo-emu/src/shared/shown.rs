//! The facts about a VE process that the host shows in the control page, for `inspect` in other processes: whose it is, how much memory is
//! in use, how functions are called. It is written when a process starts, allocates, transfers or looks a symbol up, and never
//! by a call of a kernel.

use super::ring::Ring;
use super::text;
use crate::sync::{AtomicU32, AtomicU64, Ordering};

/// Names that are kept: of the symbols that were looked up last.
const NAMES: usize = 512;

/// Words of a name.
const NAME_WORDS: usize = 15;

/// Bytes of a name; a longer one is cut.
const NAME_LEN: usize = 8 * NAME_WORDS;

/// The sign for the rest of a name.
const CUT: &str = "…";

/// Nodes have smaller numbers.
const MOST_NODES: u32 = 1 << 16;

/// Begins a page that a reader of this version understands. It changes with the layout that readers know.
const MARK: u64 = 0x3177_6f68_732d_6576 ^ (size_of::<Ring>() as u64) << 8;

/// A symbol that was looked up.
#[repr(C)]
struct ShownName {
    /// 0: none, or it is being written.
    address: AtomicU64,
    /// Ends with a 0, or with the last byte.
    text: [AtomicU64; NAME_WORDS],
}

/// The part of the control page for readers. The VE side looks at the words before it with each call, so it has cache lines
/// of its own.
#[repr(C, align(128))]
pub(crate) struct ShownProcess {
    /// [`MARK`] once everything is there.
    mark: AtomicU64,
    /// Number of the VE process, as the host knows it.
    process: AtomicU32,
    node: AtomicU32,
    core: AtomicU32,
    /// Bytes that the program may allocate.
    capacity: AtomicU64,
    /// Bytes in blocks.
    used: AtomicU64,
    /// Bytes that transfers have copied.
    to_ve: AtomicU64,
    to_host: AtomicU64,
    /// How many names were written.
    noted: AtomicU64,
    names: [ShownName; NAMES],
}

/// The facts that do not change while a process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Introduction {
    pub(crate) process: u32,
    pub(crate) node: u32,
    pub(crate) core: u32,
    pub(crate) capacity: u64,
}

/// The facts that a reader found; all of them make sense.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoundProcess {
    pub(crate) whose: Introduction,
    pub(crate) used: u64,
    pub(crate) to_ve: u64,
    pub(crate) to_host: u64,
}

impl ShownProcess {
    /// Says whose page this is.
    pub(crate) fn introduce(&self, whose: Introduction) {
        self.process.store(whose.process, Ordering::Relaxed);
        self.node.store(whose.node, Ordering::Relaxed);
        self.core.store(whose.core, Ordering::Relaxed);
        self.capacity.store(whose.capacity, Ordering::Relaxed);
        self.mark.store(MARK, Ordering::Release);
    }

    /// Says how many bytes are in blocks.
    pub(crate) fn set_used(&self, bytes: u64) {
        self.used.store(bytes, Ordering::Relaxed);
    }

    /// Counts bytes that were copied to the VE.
    pub(crate) fn count_to_ve(&self, bytes: u64) {
        self.to_ve.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts bytes that were copied to the host.
    pub(crate) fn count_to_host(&self, bytes: u64) {
        self.to_host.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Notes the name of the symbol at an address. One thread at a time calls this.
    pub(crate) fn note(&self, address: u64, name: &str) {
        let number = self.noted.load(Ordering::Relaxed);
        let place = &self.names[number as usize % NAMES];
        place.address.store(0, Ordering::Release);
        let mut bytes = [0; NAME_LEN];
        if name.len() <= NAME_LEN {
            bytes[..name.len()].copy_from_slice(name.as_bytes());
        } else {
            let end = name.floor_char_boundary(NAME_LEN - CUT.len());
            bytes[..end].copy_from_slice(&name.as_bytes()[..end]);
            bytes[end..end + CUT.len()].copy_from_slice(CUT.as_bytes());
        }
        text::store(&place.text, &bytes);
        place.address.store(address, Ordering::Release);
        self.noted.store(number.wrapping_add(1), Ordering::Relaxed);
    }

    /// The shown facts, if they make sense.
    pub(crate) fn find(&self) -> Option<FoundProcess> {
        if self.mark.load(Ordering::Acquire) != MARK {
            return None;
        }
        let whose = Introduction {
            process: self.process.load(Ordering::Relaxed),
            node: self.node.load(Ordering::Relaxed),
            core: self.core.load(Ordering::Relaxed),
            capacity: self.capacity.load(Ordering::Relaxed),
        };
        let found = FoundProcess {
            whose,
            used: self.used.load(Ordering::Relaxed),
            to_ve: self.to_ve.load(Ordering::Relaxed),
            to_host: self.to_host.load(Ordering::Relaxed),
        };
        (whose.node < MOST_NODES && whose.core < MOST_NODES && found.used <= whose.capacity)
            .then_some(found)
    }

    /// The name that was noted last for an address, if it is one that can be printed.
    pub(crate) fn name(&self, address: u64) -> Option<String> {
        let newest = self.noted.load(Ordering::Relaxed);
        let place = (1..=NAMES as u64)
            .map(|back| &self.names[newest.wrapping_sub(back) as usize % NAMES])
            .find(|place| place.address.load(Ordering::Acquire) == address)
            .filter(|_| address != 0)?;
        let name = String::from_utf8(text::load(&place.text)).ok()?;
        (!name.is_empty() && !name.contains(char::is_control)).then_some(name)
    }
}
