//! Code of the host that was made while the program runs: where it lies, and what becomes of faults in it.
//!
//! A page is written first and executed then, never both at once. Code stays until nobody holds the place of its arena any more: a single
//! function is never taken out, since a thread may be in it.

use std::any::Any;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::page::host_page;

/// Bytes of addresses of an arena. Memory is used by what is in it alone.
const LENGTH: u64 = 128 << 20;

/// Below so many bytes, nothing more is made: most functions are shorter.
const ROOM: u64 = 256 << 10;

/// How many arenas a process may have at a time: those of its machines, and older ones that idle threads hold. A machine that gets none has no
/// code of the host, and nobody is told.
const MOST: usize = 256;

/// A function that may fault, and what it returns then.
struct FaultingFunction {
    range: std::ops::Range<u64>,
    /// Places in it, in order, and results.
    returns: Vec<(u32, u64)>,
    next: *mut FaultingFunction,
    /// The values that the function uses.
    _kept: Box<dyn Any + Send>,
}

/// The facts about an arena that the handler of faults needs.
struct Record {
    /// Its beginning, 0 if there is none. It is one number, since the handler may look while another arena takes the record.
    base: AtomicU64,
    pieces: AtomicPtr<FaultingFunction>,
}

static RECORDS: [Record; MOST] = [const {
    Record {
        base: AtomicU64::new(0),
        pieces: AtomicPtr::new(ptr::null_mut()),
    }
}; MOST];

/// Only one thread at a time takes a record or gives one back.
static TURN: Mutex<()> = Mutex::new(());

/// The result of the function that has faulted at `pc`, if it is one of an arena.
///
/// A signal handler may call it.
pub(super) fn result(pc: u64) -> Option<u64> {
    // Arenas do not overlap, and a thread that is in the code of one sees its record.
    let record = RECORDS.iter().find(|record| {
        let base = record.base.load(Ordering::Acquire);
        base != 0 && (base..base + LENGTH).contains(&pc)
    })?;
    let mut piece = record.pieces.load(Ordering::Acquire);
    // SAFETY: pieces are complete before they are in the list, do not change then, and go with their arena's place, which whoever is in its
    // code holds, as this thread does.
    while let Some(found) = unsafe { piece.as_ref() } {
        if found.range.contains(&pc) {
            let place = (pc - found.range.start) as u32;
            let index = found.returns.binary_search_by_key(&place, |(at, _)| *at);
            return index.ok().map(|index| found.returns[index].1);
        }
        piece = found.next;
    }
    None
}

/// Memory for code of the host, to be filled.
#[derive(Debug)]
pub(crate) struct CodeArena {
    place: Arc<ArenaPlace>,
    used: u64,
}

/// The place of an arena, and its record for the handler of faults. A thread that may execute its code holds it.
#[derive(Debug)]
pub(crate) struct ArenaPlace {
    base: u64,
    record: usize,
}

impl CodeArena {
    /// Takes addresses. Nothing if there are none.
    pub(crate) fn reserve() -> Option<Self> {
        let _turn = TURN.lock().unwrap_or_else(|lock| lock.into_inner());
        let is_free = |record: &Record| record.base.load(Ordering::Relaxed) == 0;
        let index = RECORDS.iter().position(is_free)?;
        // SAFETY: the system chooses the place, so no other mapping is replaced.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                LENGTH as usize,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return None;
        }
        let base = base as u64;
        RECORDS[index].base.store(base, Ordering::Release);
        let record = index;
        Some(Self {
            place: Arc::new(ArenaPlace { base, record }),
            used: 0,
        })
    }

    /// The owner of the code, which keeps it in its place.
    pub(crate) fn place(&self) -> &Arc<ArenaPlace> {
        &self.place
    }

    /// Whether nothing was added yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Whether a usual function has room. Its contents stay, so once it has none, it never has.
    pub(crate) fn has_room(&self) -> bool {
        LENGTH - self.used >= ROOM
    }

    /// Whether a function of so many bytes has room.
    pub(crate) fn has_room_for(&self, bytes: usize) -> bool {
        (bytes as u64).next_multiple_of(host_page()) <= LENGTH - self.used
    }

    /// Adds a function. If an access at one of the places in `returns`, which are in order, faults, the function returns the number
    /// beside it. The result is its address; nothing if there is no room, or the system does not allow it.
    ///
    /// # Safety
    /// The bytes are a function that pushes the frame pointer and the address to return to as the host's ABI has it before it comes to one
    /// of these places. A fault leaves it without what it would do at its end, so registers that it has saved are not as they were: whoever
    /// calls it goes on only if it returns none of the numbers in `returns`, and else leaves itself, with registers that it has saved
    /// itself. The caller holds the [`place`](Self::place) meanwhile.
    pub(crate) unsafe fn add(
        &mut self,
        bytes: &[u8],
        returns: Vec<(u32, u64)>,
        kept: Box<dyn Any + Send>,
    ) -> Option<u64> {
        let length = (bytes.len() as u64).next_multiple_of(host_page());
        if bytes.is_empty() || !self.has_room_for(bytes.len()) {
            return None;
        }
        let start = self.place.base + self.used;
        let place = start as *mut libc::c_void;
        let protect = |flags| {
            // SAFETY: the pages are the arena's, and no code is in them yet.
            unsafe { libc::mprotect(place, length as usize, flags) == 0 }
        };
        if !protect(libc::PROT_READ | libc::PROT_WRITE) {
            return None;
        }
        // SAFETY: the pages are mapped and may be written, and only this arena uses them.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), place.cast(), bytes.len()) };
        synchronise(start..start + bytes.len() as u64);
        if !protect(libc::PROT_READ | libc::PROT_EXEC) {
            return None;
        }
        self.used += length;
        let record = &RECORDS[self.place.record];
        let piece = FaultingFunction {
            range: start..start + bytes.len() as u64,
            returns,
            next: record.pieces.load(Ordering::Relaxed),
            _kept: kept,
        };
        let piece = Box::into_raw(Box::new(piece));
        record.pieces.store(piece, Ordering::Release);
        Some(start)
    }
}

impl Drop for ArenaPlace {
    fn drop(&mut self) {
        let _turn = TURN.lock().unwrap_or_else(|lock| lock.into_inner());
        let record = &RECORDS[self.record];
        record.base.store(0, Ordering::SeqCst);
        let mut piece = record.pieces.swap(ptr::null_mut(), Ordering::SeqCst);
        while !piece.is_null() {
            // SAFETY: `add` made it, and whoever was in the code has let go of the place.
            let piece_now = unsafe { Box::from_raw(piece) };
            piece = piece_now.next;
        }
        // SAFETY: `reserve` mapped it, and nobody executes it any more.
        unsafe { libc::munmap(self.base as *mut libc::c_void, LENGTH as usize) };
    }
}

/// Lets the host's processor see code that was written.
#[cfg(target_arch = "x86_64")]
fn synchronise(_: std::ops::Range<u64>) {}

/// Lets the host's processor see code that was written.
#[cfg(target_arch = "aarch64")]
fn synchronise(range: std::ops::Range<u64>) {
    // The least length of a line that there may be.
    const LINE: u64 = 16;
    let lines = || (range.start & !(LINE - 1)..range.end).step_by(LINE as usize);
    for line in lines() {
        // SAFETY: the instruction writes back a line of memory that is mapped.
        unsafe { std::arch::asm!("dc cvau, {}", in(reg) line, options(nostack, preserves_flags)) };
    }
    // SAFETY: a barrier.
    unsafe { std::arch::asm!("dsb ish", options(nostack, preserves_flags)) };
    for line in lines() {
        // SAFETY: the instruction drops a line of the cache for instructions.
        unsafe { std::arch::asm!("ic ivau, {}", in(reg) line, options(nostack, preserves_flags)) };
    }
    // SAFETY: barriers.
    unsafe { std::arch::asm!("dsb ish", "isb", options(nostack, preserves_flags)) };
}
