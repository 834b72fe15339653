//! Machine code of the host itself: the part that depends on its architecture.

#[cfg(target_arch = "aarch64")]
#[path = "native/aarch64.rs"]
mod arch;
#[cfg(target_arch = "x86_64")]
#[path = "native/x86_64.rs"]
mod arch;

pub(super) use arch::{Native, copy_bytes, place, return_from_leaf};

use super::copy;

/// Follows the chain of frame pointers from `frame` and notes the return
/// addresses, after `pc` itself. Stops at whatever does not look like a frame, so
/// it is safe on a damaged stack; code built without frame pointers gives little.
pub(super) fn walk(pc: u64, mut frame: u64, frames: &mut [u64]) -> usize {
    let mut count = 0;
    if let Some(first) = frames.first_mut() {
        *first = pc;
        count = 1;
    }
    while count < frames.len() {
        let mut pair = [0u64; 2];
        // SAFETY: the destination is ours; a bad source makes the copy fail.
        let copied = frame != 0
            && frame.is_multiple_of(8)
            && unsafe { copy::try_copy(pair.as_mut_ptr().cast(), frame as *const u8, 16) };
        if !copied || pair[1] == 0 || pair[0] <= frame {
            break;
        }
        frames[count] = pair[1];
        count += 1;
        frame = pair[0];
    }
    count
}
