//! The ways a VE process ends, other than by a signal that its handler sees, and how the processes
//! end that its kernels fork.

use std::cell::Cell;
use std::ffi::c_void;
use std::sync::OnceLock;

use super::engine::ProcessEnding;
use super::{current, faults, sanitizer, signals};
use crate::shared::control::{EngineTrap, RecordedCause};

/// Ends the process at once, without destructors.
pub(super) fn now(status: i32) -> ! {
    // SAFETY: _exit takes a number and does not return.
    unsafe { libc::_exit(status) }
}

/// Ends the process in order: destructors of libraries run, files are flushed.
pub(super) fn in_order(status: i32) -> ! {
    // SAFETY: exit takes a number and does not return; no lock of ours is held.
    unsafe { libc::exit(status) }
}

/// Ends the process as its machine code wants it.
pub(super) fn by(ending: ProcessEnding) -> ! {
    match ending {
        ProcessEnding::Exit(status) => in_order(status),
        ProcessEnding::Signal(signal) => {
            signals::die_of(signal);
            now(1)
        }
        ProcessEnding::Trap(trap) => by_trap(&trap),
    }
}

/// Ends the process by a trap of the calling thread's kernel, as a signal would.
pub(super) fn by_trap(trap: &EngineTrap) -> ! {
    faults::record_trap(trap);
    signals::die_of(trap.signal);
    now(1)
}

/// Lets a kernel's call of `exit` be recorded.
pub(super) fn install() {
    // SAFETY: the function takes no arguments and does not unwind.
    unsafe { libc::atexit(at_exit) };
}

extern "C" fn at_exit() {
    if current::in_kernel() {
        faults::record(RecordedCause::Exit);
    }
}

/// Called when a thread ends for which `guard_thread` was called, but not by `exit`.
extern "C" fn at_thread_end(_value: *mut c_void) {
    if current::in_kernel() {
        faults::record(RecordedCause::ThreadExit);
        now(1);
    }
}

/// Lets it be recorded that a kernel ends the calling thread.
pub(super) fn guard_thread() {
    static KEY: OnceLock<Option<libc::pthread_key_t>> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        let mut key = 0;
        // SAFETY: the place is valid, and the function does not unwind.
        let result = unsafe { libc::pthread_key_create(&mut key, Some(at_thread_end)) };
        (result == 0).then_some(key)
    });
    if let Some(key) = key {
        // SAFETY: the key exists; any value that is not null has the function called.
        unsafe { libc::pthread_setspecific(*key, std::ptr::dangling()) };
    }
}

thread_local! {
    /// The process and the thread that fork. A process that a kernel forks ends with the thread
    /// that called the kernel, so none outlives its VE process, however that ends.
    static PARENT: Cell<(libc::pid_t, libc::pid_t)> = const { Cell::new((0, 0)) };
}

/// Lets every child that a context's thread forks from now on end with that thread.
pub(super) fn watch_children() {
    // SAFETY: both functions take no arguments, do not unwind, and only make system calls.
    unsafe { libc::pthread_atfork(Some(before_fork), None, Some(in_child)) };
}

unsafe extern "C" fn before_fork() {
    // SAFETY: neither can fail.
    PARENT.set(unsafe { (libc::getpid(), libc::gettid()) });
}

unsafe extern "C" fn in_child() {
    sanitizer::in_child();
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
        now(1);
    }
}
