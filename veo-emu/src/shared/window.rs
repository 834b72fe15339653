//! Where things of the VE lie in the address space of its process.

use std::ops::Range;

/// First address of VE memory in veorun; the host maps it elsewhere.
pub(crate) const WINDOW: u64 = 0x6000_0000_0000;

/// Length of the window: no VE memory can be larger.
pub(crate) const WINDOW_LEN: u64 = 0x0800_0000_0000;

/// Memory behind the heap for stack buffers of calls that are on their way.
/// It does not count as the node's memory, and the stack data of one call always fit.
pub(crate) const STAGING_LEN: u64 = 128 << 20;

/// How the memory of a process is divided into regions, one behind the other from the
/// beginning of the window. Both processes know regions by this type only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Bytes that the program allocates from.
    pub(crate) heap: u64,
    /// Bytes for stack buffers of calls.
    pub(crate) staging: u64,
}

impl Layout {
    /// Offsets of the heap.
    pub(crate) fn heap(&self) -> Range<u64> {
        0..self.heap
    }

    /// Offsets of the staging area, behind the heap.
    pub(crate) fn staging(&self) -> Range<u64> {
        self.heap..self.heap.saturating_add(self.staging)
    }

    /// Length of all regions; `None`: the window has no room for them.
    pub(crate) fn len(&self) -> Option<u64> {
        let len = self.heap.checked_add(self.staging)?;
        (len <= WINDOW_LEN).then_some(len)
    }
}
