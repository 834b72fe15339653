//! The calling thread: which CPUs it runs on, how the kernel schedules it, how it sleeps, and
//! what protects it from `pthread_cancel`.

use std::ffi::c_int;
use std::marker::PhantomData;
use std::sync::atomic::AtomicU32;
use std::time::Duration;
use std::{mem, ptr};

/// No CPU: a side that has not run yet publishes this.
pub(crate) const NO_CPU: u32 = u32::MAX;

/// The number of the CPU the calling thread runs on now.
#[inline]
pub(crate) fn current_cpu() -> u32 {
    // SAFETY: sched_getcpu takes nothing and only returns a number; -1 becomes NO_CPU.
    unsafe { libc::sched_getcpu() as u32 }
}

/// A set of CPUs.
#[derive(Clone, Copy)]
pub(crate) struct CpuSet(libc::cpu_set_t);

impl CpuSet {
    /// The CPUs that the calling thread may run on. `None`: the machine has more CPUs than the
    /// set can name.
    pub(crate) fn of_thread() -> Option<CpuSet> {
        // SAFETY: a set is an array of integers.
        let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
        // SAFETY: the set is valid for writing for the size given.
        let status = unsafe { libc::sched_getaffinity(0, size_of_val(&set), &mut set) };
        (status == 0).then_some(CpuSet(set))
    }

    /// Every CPU that a set can name.
    pub(crate) fn all() -> CpuSet {
        // SAFETY: a set is an array of integers.
        let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
        for cpu in 0..8 * size_of_val(&set) {
            // SAFETY: the number is within the set.
            unsafe { libc::CPU_SET(cpu, &mut set) };
        }
        CpuSet(set)
    }

    /// The set without one of its CPUs.
    pub(crate) fn without(self, cpu: u32) -> CpuSet {
        let mut set = self.0;
        if (cpu as usize) < 8 * size_of_val(&set) {
            // SAFETY: the number is within the set.
            unsafe { libc::CPU_CLR(cpu as usize, &mut set) };
        }
        CpuSet(set)
    }

    pub(crate) fn is_empty(&self) -> bool {
        // SAFETY: only reads the set.
        unsafe { libc::CPU_COUNT(&self.0) == 0 }
    }

    /// Whether both name the same CPUs.
    #[cfg(test)]
    pub(crate) fn equals(&self, other: &CpuSet) -> bool {
        // SAFETY: only reads the sets.
        unsafe { libc::CPU_EQUAL(&self.0, &other.0) }
    }

    /// Lets the calling thread run on these CPUs only. Returns whether that worked.
    pub(crate) fn apply(&self) -> bool {
        // SAFETY: the set is valid for reading for the size given.
        unsafe { libc::sched_setaffinity(0, size_of_val(&self.0), &self.0) == 0 }
    }
}

/// Keeps the calling thread from taking the CPU of the thread that wakes it: whoever
/// hands work over goes on first. Where that is refused, nothing changes.
pub(crate) fn never_preempt() {
    let parameters = libc::sched_param { sched_priority: 0 };
    // SAFETY: the parameters are valid for reading; 0 means the calling thread.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &parameters) };
}

/// Sleeps while `word`, which may lie in memory that processes share, holds `expected`, until woken or `timeout` has passed.
/// May return early for no reason; callers look again.
pub(crate) fn futex_wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) {
    let time = timeout.map(|t| libc::timespec {
        tv_sec: t.as_secs().min(i64::MAX as u64 / 2) as libc::time_t,
        tv_nsec: t.subsec_nanos() as _,
    });
    let time = time.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the word is alive for the call, the time is null or a valid timespec.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT,
            expected,
            time,
        );
    }
}

/// Wakes at most `count` of those that sleep on `word`.
pub(crate) fn futex_wake(word: &AtomicU32, count: i32) {
    // SAFETY: waking touches nothing but the kernel's queue for this address.
    unsafe {
        libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, count);
    }
}

unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}

/// `PTHREAD_CANCEL_DISABLE` of all C libraries on Linux.
const DISABLE: c_int = 1;

/// While it exists the calling thread is not cancelled. A thread that is cancelled meanwhile
/// ends at its next cancellation point.
#[derive(Debug)]
pub struct Uncancelled {
    before: c_int,
    /// Keeps the value on its thread.
    _here: PhantomData<*const ()>,
}

impl Uncancelled {
    /// Begins now, on the calling thread.
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Uncancelled {
        let mut before = 0;
        // SAFETY: the place is valid for writing.
        unsafe { pthread_setcancelstate(DISABLE, &raw mut before) };
        Uncancelled {
            before,
            _here: PhantomData,
        }
    }
}

impl Drop for Uncancelled {
    fn drop(&mut self) {
        let mut disabled = 0;
        // SAFETY: the state was in force before, and the place is valid for writing.
        unsafe { pthread_setcancelstate(self.before, &raw mut disabled) };
    }
}
