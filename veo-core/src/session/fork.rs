//! Notices a forked child, in which the handles of the parent are void.
//!
//! A page that the kernel empties in a child holds the number of the process image;
//! a handle compares it with the number of its own.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

static PAGE: AtomicPtr<AtomicU64> = AtomicPtr::new(std::ptr::null_mut());

/// A handle's note of the process image that it was made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProcessImage(u64);

impl ProcessImage {
    /// This image.
    pub(crate) fn current() -> ProcessImage {
        static SETUP: OnceLock<()> = OnceLock::new();
        SETUP.get_or_init(|| PAGE.store(page(), Ordering::Release));
        let pid = u64::from(std::process::id());
        if let Some(number) = number() {
            // In a child the page reads 0 until the child makes its own handle. Process
            // numbers differ between a parent and its living children.
            let _ = number.compare_exchange(0, pid, Ordering::AcqRel, Ordering::Acquire);
            return ProcessImage(number.load(Ordering::Acquire));
        }
        ProcessImage(pid)
    }

    /// Whether this is another image now: a forked child.
    #[inline]
    pub(crate) fn is_foreign(self) -> bool {
        match number() {
            Some(number) => number.load(Ordering::Relaxed) != self.0,
            None => self.is_other_process(),
        }
    }

    #[cold]
    fn is_other_process(self) -> bool {
        u64::from(std::process::id()) != self.0
    }
}

#[inline]
fn number() -> Option<&'static AtomicU64> {
    let page = PAGE.load(Ordering::Acquire);
    // SAFETY: null, or a page that was mapped for ever, zeroed and aligned, and is
    // only used as this atomic. A forked child has it too, emptied.
    unsafe { page.as_ref() }
}

#[cfg(target_os = "linux")]
fn page() -> *mut AtomicU64 {
    const SIZE: usize = 4096;
    // SAFETY: a new private mapping; nothing else is touched.
    let page = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            SIZE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if page == libc::MAP_FAILED {
        return std::ptr::null_mut();
    }
    // SAFETY: the whole of the mapping made above.
    if unsafe { libc::madvise(page, SIZE, libc::MADV_WIPEONFORK) } != 0 {
        // SAFETY: the mapping made above, to which no reference exists.
        unsafe { libc::munmap(page, SIZE) };
        return std::ptr::null_mut();
    }
    page.cast()
}

#[cfg(not(target_os = "linux"))]
fn page() -> *mut AtomicU64 {
    std::ptr::null_mut()
}

#[cfg(all(test, target_os = "linux", not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn a_forked_child_is_another_image() {
        let image = ProcessImage::current();
        assert!(!image.is_foreign());
        assert_eq!(image, ProcessImage::current());
        // SAFETY: the child only reads an atomic, makes plain system calls and exits.
        let child = unsafe { libc::fork() };
        assert!(child >= 0);
        if child == 0 {
            let foreign = image.is_foreign();
            let own = !ProcessImage::current().is_foreign() && image.is_foreign();
            // SAFETY: ends the child at once, without running anything of the parent's.
            unsafe { libc::_exit(if foreign && own { 7 } else { 1 }) };
        }
        let mut status = 0;
        // SAFETY: waits for the child made above; `status` is valid for writing.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(libc::WEXITSTATUS(status), 7);
        assert!(!image.is_foreign());
    }
}
