//! What kernels print: line by line, and complete when a request ends.

unsafe extern "C" {
    static stdout: *mut libc::FILE;
}

/// Makes the standard output line-buffered, also when it is a pipe.
pub(super) fn prepare() {
    // SAFETY: the stream exists and nothing has been written to it yet.
    unsafe { libc::setvbuf(stdout, std::ptr::null_mut(), libc::_IOLBF, 8192) };
}

/// Writes out what a kernel left in the buffer of the standard output.
#[inline]
pub(super) fn flush() {
    // SAFETY: the stream exists; fflush locks it.
    unsafe { libc::fflush(stdout) };
}
