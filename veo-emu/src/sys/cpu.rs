//! Which CPU the calling thread runs on.

/// No CPU: what a side that has not run yet publishes.
pub(crate) const NO_CPU: u32 = u32::MAX;

/// The number of the CPU the calling thread runs on now.
#[inline]
pub(crate) fn current() -> u32 {
    // SAFETY: sched_getcpu takes nothing and only returns a number; -1 becomes NO_CPU.
    unsafe { libc::sched_getcpu() as u32 }
}
