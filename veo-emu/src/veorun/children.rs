//! Processes that kernels fork. They end with the thread that called the kernel, so none
//! outlives its VE process, however that ends.

use std::cell::Cell;

use super::current;

thread_local! {
    /// The process and the thread that fork.
    static PARENT: Cell<(libc::pid_t, libc::pid_t)> = const { Cell::new((0, 0)) };
}

/// Lets every child that a context's thread forks from now on end with that thread.
pub(super) fn watch() {
    // SAFETY: both functions take no arguments, do not unwind, and only make system calls.
    unsafe { libc::pthread_atfork(Some(before_fork), None, Some(in_child)) };
}

unsafe extern "C" fn before_fork() {
    // SAFETY: neither can fail.
    PARENT.set(unsafe { (libc::getpid(), libc::gettid()) });
}

unsafe extern "C" fn in_child() {
    // A thread that a kernel has started may end before its forked child is done.
    if !current::is_of_context() {
        return;
    }
    let (process, thread) = PARENT.get();
    // SAFETY: plain numbers; signal 0 only asks, and getppid cannot fail.
    let (parent, is_there) = unsafe {
        libc::prctl(
            libc::PR_SET_PDEATHSIG,
            libc::SIGKILL as libc::c_ulong,
            0,
            0,
            0,
        );
        (
            libc::getppid(),
            libc::syscall(libc::SYS_tgkill, process, thread, 0) == 0,
        )
    };
    // The parent may have ended before `prctl`. In another PID namespace its number is 0.
    if parent != 0 && (parent != process || !is_there) {
        super::exit::now(1);
    }
}
