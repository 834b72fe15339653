//! Which process this is, without a system call, also right after `fork`.
//!
//! The number is kept in a page that the kernel wipes in a forked child. It tells a handle of
//! the parent from a handle of this process.

use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

struct Page(&'static AtomicU32);

static PAGE: OnceLock<Option<Page>> = OnceLock::new();

/// The process number of the calling process.
#[inline]
pub(crate) fn process() -> u32 {
    let Some(page) = PAGE.get_or_init(map) else {
        return std::process::id();
    };
    match page.0.load(Ordering::Relaxed) {
        0 => {
            let id = std::process::id();
            page.0.store(id, Ordering::Relaxed);
            id
        }
        id => id,
    }
}

fn map() -> Option<Page> {
    // SAFETY: a fresh private anonymous mapping of one page, at a place the kernel chooses.
    let base = unsafe {
        libc::mmap(
            ptr::null_mut(),
            4096,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if base == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: the range is the mapping made above.
    if unsafe { libc::madvise(base, 4096, libc::MADV_WIPEONFORK) } != 0 {
        // SAFETY: the range is the mapping made above, and nothing points into it yet.
        unsafe { libc::munmap(base, 4096) };
        return None;
    }
    // SAFETY: the page is zeroed, aligned and never unmapped, so it holds an
    // AtomicU32 for the rest of the process's life.
    Some(Page(unsafe { &*base.cast::<AtomicU32>() }))
}
