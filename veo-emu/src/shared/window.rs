//! Where things of the VE lie in the address space of its process.

use std::ops::Range;

use crate::sys::memfd;

/// The part of a VE process's address space that VE memory lies in. Each process has its own;
/// the host maps the memory elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddressRange {
    /// The first address.
    pub(crate) base: u64,
    /// Length in bytes: no VE memory can be larger.
    pub(crate) len: u64,
}

impl AddressRange {
    /// The range of a process that runs nothing but the program and its kernels.
    pub(crate) const USUAL: AddressRange = AddressRange {
        base: 0x6000_0000_0000,
        len: 0x0800_0000_0000,
    };

    /// Beside AddressSanitizer: its shadow begins below the heaps of its versions, and ends
    /// before this.
    pub(crate) const BESIDE_ADDRESS_SANITIZER: AddressRange = AddressRange {
        base: 0x3000_0000_0000,
        len: 0x0800_0000_0000,
    };

    /// Beside ThreadSanitizer, which knows a few parts of the address space and refuses mappings
    /// elsewhere. This is the part for programs at fixed addresses, above all that lies there.
    pub(crate) const BESIDE_THREAD_SANITIZER: AddressRange = AddressRange {
        base: 0x0010_0000_0000,
        len: 0x0060_0000_0000,
    };

    /// Bytes that the heap may have, beside what else lies in the window.
    pub(crate) const fn room(&self) -> u64 {
        self.len - STAGING_LEN - MACHINE_LEN
    }

    /// How far an address lies behind the beginning; `None`: it lies before.
    pub(crate) fn offset(&self, address: u64) -> Option<u64> {
        address.checked_sub(self.base)
    }
}

/// Memory behind the heap for stack buffers of calls that are on their way.
/// It does not count as the node's memory, and the stack data of one call always fit.
pub(crate) const STAGING_LEN: u64 = 128 << 20;

/// Addresses behind the staging area that the machine has which runs VE machine code: for its
/// images, its stacks and memory that its code allocates. They cost nothing until it is there.
const MACHINE_LEN: u64 = 64 << 30;

/// How the memory of a process is divided into regions, one behind the other from the
/// beginning of its window. Both processes know regions by this type only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemoryLayout {
    pub(crate) window: AddressRange,
    /// Bytes that the program allocates from.
    pub(crate) heap: u64,
    /// Bytes for stack buffers of calls.
    pub(crate) staging: u64,
}

impl MemoryLayout {
    /// Offsets of the heap.
    pub(crate) fn heap(&self) -> Range<u64> {
        0..self.heap
    }

    /// Offsets of the staging area, behind the heap.
    pub(crate) fn staging(&self) -> Range<u64> {
        self.heap..self.heap.saturating_add(self.staging)
    }

    /// Addresses behind all regions for the machine that runs VE machine code.
    pub(crate) fn machine(&self) -> Range<u64> {
        let start = (self.window.base + self.staging().end).next_multiple_of(memfd::page_size());
        let end = self.window.base + self.window.len;
        start..end.min(start.saturating_add(MACHINE_LEN))
    }

    /// Length of all regions; `None`: the window has no room for them.
    pub(crate) fn len(&self) -> Option<u64> {
        let len = self.heap.checked_add(self.staging)?;
        (len <= self.window.len).then_some(len)
    }
}
