//! Where things of the VE lie in the address space of its process.

/// First address of VE memory in veorun; the host maps it elsewhere.
pub(crate) const WINDOW: u64 = 0x6000_0000_0000;

/// Length of the window: no VE memory can be larger.
pub(crate) const WINDOW_LEN: u64 = 0x0800_0000_0000;

/// Memory behind the heap for stack buffers of calls that are on their way.
/// It does not count as the node's memory, and the stack data of one call always fit.
pub(crate) const STAGING_LEN: u64 = 128 << 20;
