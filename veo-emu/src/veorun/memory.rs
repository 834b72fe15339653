//! Memory in the VE process: the window of VE memory, accessible as far as it is in use, and
//! copies to and from addresses that may not be mapped.

use std::cell::Cell;
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering, compiler_fence};

use super::{arch, signals};
use crate::shared::control::Control;
use crate::shared::window::MemoryLayout;
use crate::sys::memfd::{Mapping, is_sealed, reserve_addresses};

/// VE memory, mapped.
struct MappedVeMemory {
    mapping: &'static Mapping,
    control: &'static Control,
    layout: MemoryLayout,
    opened: AtomicU64,
}

static MEMORY: OnceLock<MappedVeMemory> = OnceLock::new();

/// Maps the memory of the process at its place.
pub(super) fn map(
    fd: &OwnedFd,
    control: &'static Control,
    layout: MemoryLayout,
) -> Result<(), String> {
    let len = layout
        .len()
        .filter(|len| is_sealed(fd, *len))
        .ok_or("the memory is not what was agreed")?;
    let base = layout.window.base;
    let mapping = Mapping::at(fd, len, base)
        .map_err(|error| format!("mapping {len} bytes of VE memory at {base:#x}: {error}"))?
        .leak();
    mapping
        .open(layout.staging().start as usize, layout.staging as usize)
        .map_err(|error| format!("opening the staging area: {error}"))?;
    let memory = MappedVeMemory {
        mapping,
        control,
        layout,
        opened: AtomicU64::new(0),
    };
    let _ = MEMORY.set(memory);
    Ok(())
}

/// The place of the machine that runs VE machine code, even if there is none.
pub(super) fn machine() -> Range<u64> {
    MEMORY.get().map_or(0..0, |memory| memory.layout.machine())
}

/// The lengths of address space that are asked for, if the system gives no more.
const MACHINE_LENGTHS: [u64; 4] = [u64::MAX, 8 << 30, 2 << 30, 512 << 20];

/// Takes the addresses of the machine, closed, for the rest of the process's life. Called once. The
/// result is the addresses that it may use, which begin with VE memory, and which of them are its own, `most` bytes at most.
pub(super) fn take_machine(most: u64) -> Result<(Range<u64>, Range<u64>), String> {
    let memory = MEMORY.get().ok_or("there is no VE memory")?;
    let wanted = machine();
    let mut refusal = None;
    for length in MACHINE_LENGTHS {
        let own = wanted.start
            ..wanted
                .end
                .min(wanted.start.saturating_add(length.min(most)));
        match reserve_addresses(own.clone()) {
            Ok(()) => return Ok((memory.layout.window.base..own.end, own)),
            Err(error) => refusal = Some(error),
        }
    }
    let why = refusal.map_or_else(String::new, |error| error.to_string());
    let (start, length) = (wanted.start, MACHINE_LENGTHS[3]);
    Err(format!(
        "VE machine code needs {length} bytes of address space at {start:#x}: {why}"
    ))
}

/// The addresses that blocks are in.
pub(super) fn heap() -> Range<u64> {
    MEMORY.get().map_or(0..0, |memory| {
        let base = memory.layout.window.base;
        base..base + memory.layout.heap
    })
}

/// The addresses where stack data of calls are, which are accessible.
pub(super) fn staging() -> Range<u64> {
    MEMORY.get().map_or(0..0, |memory| {
        let Range { start, end } = memory.layout.staging();
        let base = memory.layout.window.base;
        base + start..base + end
    })
}

/// Makes a range of the heap accessible.
pub(super) fn open(range: Range<u64>) -> io::Result<()> {
    protect(range, Mapping::open)
}

/// Makes a range of the heap not accessible.
pub(super) fn close(range: Range<u64>) -> io::Result<()> {
    protect(range, Mapping::close)
}

fn protect(
    range: Range<u64>,
    protect: fn(&Mapping, usize, usize) -> io::Result<()>,
) -> io::Result<()> {
    let heap = heap();
    let Some(memory) = MEMORY.get() else {
        return Err(io::ErrorKind::NotFound.into());
    };
    if range.start < heap.start || range.end > heap.end || range.start > range.end {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let (offset, len) = (range.start - heap.start, range.end - range.start);
    protect(memory.mapping, offset as usize, len as usize)
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
    memory.opened.fetch_max(extent, Ordering::Release);
    true
}

/// Whether an access to an address that has faulted is to be made again, since another thread has
/// opened its page meanwhile. It is not made again twice in a row: then a kernel has closed the page itself. Safe to
/// call in a signal handler.
pub(super) fn was_opened_meanwhile(address: u64) -> bool {
    let Some(memory) = MEMORY.get() else {
        return false;
    };
    let opened = memory.opened.load(Ordering::Acquire);
    let is_open = address.wrapping_sub(memory.layout.window.base) < opened;
    let last = LAST_TRIED.try_with(|last| last.replace(address));
    is_open && last.is_ok_and(|last| last != address)
}

thread_local! {
    static COPYING: Cell<bool> = const { Cell::new(false) };
    /// The address whose access was made again last.
    static LAST_TRIED: Cell<u64> = const { Cell::new(0) };
}

/// Copies `len` bytes; `false` if one of them is not mapped, or not for writing.
///
/// # Safety
///
/// One end is our own memory. The other is an address of a kernel or its user: they answer for the data there.
pub(super) unsafe fn try_copy(dst: *mut u8, src: *const u8, len: usize) -> bool {
    let _replaced = signals::take_back();
    COPYING.set(true);
    compiler_fence(Ordering::SeqCst);
    // SAFETY: the routine touches only the two ranges, and a fault in it makes it
    // return 1, through `recover`.
    let failed = unsafe { arch::copy_bytes(dst, src, len) };
    compiler_fence(Ordering::SeqCst);
    COPYING.set(false);
    failed == 0
}

/// The word at an address, if it is mapped.
pub(super) fn word(address: u64) -> Option<u64> {
    let mut bytes = [0u8; 8];
    // SAFETY: the destination has eight bytes; the source is any address.
    let copied = unsafe { try_copy(bytes.as_mut_ptr(), address as *const u8, bytes.len()) };
    copied.then(|| u64::from_ne_bytes(bytes))
}

/// Called by the handler: if the calling thread was copying, makes the copy return
/// with a failure instead.
///
/// # Safety
///
/// `context` is the interrupted context of the calling thread.
pub(super) unsafe fn recover(context: *mut libc::ucontext_t) -> bool {
    if !COPYING.try_with(Cell::get).unwrap_or(false) {
        return false;
    }
    // SAFETY: while COPYING is set, the only instruction that can fault is in
    // `copy_bytes`, which keeps no frame.
    unsafe { arch::return_from_leaf(context, 1) };
    true
}
