//! Copying to and from addresses that may not be mapped.

use std::cell::Cell;
use std::sync::atomic::{Ordering, compiler_fence};

use super::{arch, signals};

thread_local! {
    static COPYING: Cell<bool> = const { Cell::new(false) };
}

/// Copies `len` bytes; `false` if one of them is not mapped, or not for writing.
///
/// # Safety
///
/// One end is memory of ours. The other is an address of a kernel: whatever
/// happens to what lies there is what its user asked for.
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
