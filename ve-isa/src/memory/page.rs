//! The pages of the host.

/// The size of the host's pages.
pub(crate) fn host_page() -> u64 {
    // SAFETY: asking for the size of a page has no conditions.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as u64 }
}
