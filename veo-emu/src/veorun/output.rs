//! What kernels print: line by line, and complete when a request ends.

unsafe extern "C" {
    static stdout: *mut libc::FILE;
    fn __fpending(stream: *mut libc::FILE) -> usize;
}

/// Makes the standard output line-buffered, also when it is a pipe.
pub(super) fn prepare() {
    // SAFETY: the stream exists and nothing has been written to it yet.
    unsafe { libc::setvbuf(stdout, std::ptr::null_mut(), libc::_IOLBF, 8192) };
}

/// Writes out what a kernel left in the buffer of the standard output.
#[inline]
pub(super) fn flush() {
    // SAFETY: the stream exists; fflush locks it. Looking without the lock is enough:
    // a number in flux is another thread's output, whose own request flushes it.
    unsafe {
        if __fpending(stdout) != 0 {
            libc::fflush(stdout);
        }
    }
}
