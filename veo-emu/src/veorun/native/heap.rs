//! Frees what a kernel has allocated with malloc, for the host, which knows only the address.
//!
//! NEC's library allocates VE memory with malloc, so its programs free on the host what a
//! kernel has allocated. `free` aborts the process for a wrong address, and the interface wants
//! an error. The C library has no function that tells whether an address is a block, so this
//! module reads the words that the GNU C library keeps around a block, and refuses an address
//! that is no block in use. With other C libraries it refuses every address. It is there for
//! correctness, not for speed: nothing else calls it.

use crate::veorun::{memory, sanitizer};

/// Frees the block at `address` if it is one.
pub(super) fn free(address: u64) -> bool {
    if !sanitizer::owns(address).unwrap_or_else(|| is_block(address)) {
        return false;
    }
    // SAFETY: what lies around the address is what malloc writes around a block in use, or a
    // sanitizer's malloc knows the block.
    // The program must know whether the kernel is done with the block.
    unsafe { libc::free(address as usize as *mut libc::c_void) };
    true
}

/// Flags in the word with a chunk's size.
const PREVIOUS_IN_USE: u64 = 1;
const OF_PAGES: u64 = 2;
const OF_OTHER_HEAP: u64 = 4;

const PAGE: u64 = 4096;
/// Bytes before a block: the size of the chunk before it, if that is free, and its own.
const HEADER: u64 = 16;
/// Chunks of threads lie in heaps with a multiple of this as their address.
const HEAP: u64 = 64 << 20;

/// Whether malloc gave this address and the block was not freed since.
fn is_block(address: u64) -> bool {
    if !cfg!(all(target_env = "gnu", target_pointer_width = "64"))
        || address < PAGE
        || !address.is_multiple_of(16)
    {
        return false;
    }
    let chunk = address - HEADER;
    let (Some(before), Some(size)) = (memory::word(chunk), memory::word(chunk + 8)) else {
        return false;
    };
    let (size, flags) = (size & !7, size & 7);
    let Some(end) = chunk.checked_add(size) else {
        return false;
    };
    if size < 32 || !size.is_multiple_of(16) {
        return false;
    }
    if flags & OF_PAGES != 0 {
        // Pages of its own; `before` bytes of them lie in front of the chunk.
        let start = chunk.checked_sub(before);
        return flags == OF_PAGES
            && start
                .is_some_and(|start| start.is_multiple_of(PAGE) && memory::word(start).is_some())
            && end.is_multiple_of(PAGE)
            && memory::word(end - 8).is_some();
    }
    let in_heap = if flags & OF_OTHER_HEAP != 0 {
        // The heap begins with the arena that it belongs to, and has its size behind.
        let heap = address & !(HEAP - 1);
        let arena = memory::word(heap).filter(|arena| arena.is_multiple_of(8));
        let len = memory::word(heap + 16).unwrap_or(0);
        arena.is_some_and(|arena| memory::word(arena).is_some())
            && len.is_multiple_of(PAGE)
            && len <= HEAP
            && end < heap + len
    } else {
        // SAFETY: asks where the program's data segment ends, and leaves it there.
        let last = unsafe { libc::sbrk(0) } as u64;
        end < last
    };
    // A free chunk before it begins there. If this one was freed and joined to it, it
    // is longer than that.
    let previous = || {
        flags & PREVIOUS_IN_USE != 0
            || chunk
                .checked_sub(before)
                .and_then(|previous| memory::word(previous + 8))
                .is_some_and(|size| size & !7 == before)
    };
    // The next word says whether the chunk is in use. Freed blocks that are kept for the next
    // malloc of their size carry a mark of their own.
    let next =
        || memory::word(end + 8).is_some_and(|next| next & PREVIOUS_IN_USE != 0 && next >= 16);
    in_heap && previous() && next() && !is_kept(address)
}

/// Whether a block lies in the thread's cache of freed blocks. All of them have the same
/// second word.
fn is_kept(address: u64) -> bool {
    // SAFETY: malloc takes a number, free what malloc gave or null.
    let mark = unsafe {
        let block = libc::malloc(24);
        libc::free(block);
        if block.is_null() {
            None
        } else {
            memory::word(block as u64 + 8)
        }
    };
    mark.is_some_and(|mark| mark != 0) && memory::word(address + 8) == mark
}
