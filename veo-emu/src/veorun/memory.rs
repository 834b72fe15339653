//! VE memory in the VE process: one fixed window, accessible as far as it is in use.

use std::os::fd::OwnedFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::shared::control::Control;
use crate::shared::window::{Layout, WINDOW};
use crate::sys::memfd::{Mapping, is_sealed};

struct Memory {
    mapping: &'static Mapping,
    control: &'static Control,
    layout: Layout,
    opened: AtomicU64,
}

static MEMORY: OnceLock<Memory> = OnceLock::new();

/// Maps the memory of the process at its place.
pub(super) fn map(fd: &OwnedFd, control: &'static Control, layout: Layout) -> Result<(), String> {
    let len = layout
        .len()
        .filter(|len| is_sealed(fd, *len))
        .ok_or("the memory is not what was agreed")?;
    let mapping = Mapping::at(fd, len, WINDOW)
        .map_err(|error| format!("mapping {len} bytes of VE memory at {WINDOW:#x}: {error}"))?
        .leak();
    mapping
        .open(layout.staging().start as usize, layout.staging as usize)
        .map_err(|error| format!("opening the staging area: {error}"))?;
    let memory = Memory {
        mapping,
        control,
        layout,
        opened: AtomicU64::new(0),
    };
    let _ = MEMORY.set(memory);
    Ok(())
}

/// Makes accessible what the host has allocated since. Returns whether there was
/// something to do. Safe to call in a signal handler.
#[inline]
pub(super) fn follow() -> bool {
    let Some(memory) = MEMORY.get() else {
        return false;
    };
    let extent = memory.control.extent.load(Ordering::Acquire);
    let opened = memory.opened.load(Ordering::Relaxed);
    if extent <= opened || extent > memory.layout.heap {
        return false;
    }
    if memory
        .mapping
        .open(opened as usize, (extent - opened) as usize)
        .is_err()
    {
        return false;
    }
    memory.opened.fetch_max(extent, Ordering::Relaxed);
    true
}
