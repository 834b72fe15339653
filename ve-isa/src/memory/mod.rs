//! The range of addresses that machine code may use, and access to it.
//!
//! VE addresses are addresses of this process inside one [`Window`]: nothing is translated. Every access is tested against the
//! window first. Inside it, pages may be missing or protected; the few instructions of the host that touch them are known, so
//! that a fault in one of them is an [`AccessError`] instead of a signal ([`recover`]).
//!
//! Why this is sound: a window holds only memory that machine code may change at any time, and no Rust value. So all access
//! goes through machine instructions that the compiler knows nothing of, never through references, and another writer at
//! the same time changes values, not guarantees.
//!
//! Nothing here knows instructions.

mod access;
mod handler;
mod host_code;
mod page;
mod shadow;
mod window;

pub use access::AccessError;
pub use handler::{install_handler, recover};
pub(crate) use host_code::{ArenaPlace, CodeArena};
pub(crate) use page::host_page;
pub(crate) use shadow::Shadow;
pub use window::{FileMapping, MemoryError, Protection, Window};

#[cfg(test)]
mod tests {
    use super::{Window, page::host_page};

    /// Whether nothing is mapped at a page.
    fn is_free(page: u64) -> bool {
        let place = page as *mut libc::c_void;
        // SAFETY: the system maps nothing where something is.
        let mapped = unsafe {
            libc::mmap(
                place,
                host_page() as usize,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE,
                -1,
                0,
            )
        };
        if mapped == libc::MAP_FAILED {
            return false;
        }
        // SAFETY: it was mapped just now.
        unsafe { libc::munmap(mapped, host_page() as usize) };
        // Kernels that do not know the flag choose another place.
        mapped == place
    }

    #[test]
    fn the_page_behind_a_window_is_nobody_elses() {
        let window = Window::reserve().unwrap();
        assert!(window.is_closed_behind());
        assert!(!is_free(window.range().end));
    }
}
