//! Which CPU the calling thread runs on, and which it may run on.

use std::mem;

/// No CPU: a side that has not run yet publishes this.
pub(crate) const NO_CPU: u32 = u32::MAX;

/// The number of the CPU the calling thread runs on now.
#[inline]
pub(crate) fn current() -> u32 {
    // SAFETY: sched_getcpu takes nothing and only returns a number; -1 becomes NO_CPU.
    unsafe { libc::sched_getcpu() as u32 }
}

/// A set of CPUs.
#[derive(Clone, Copy)]
pub(crate) struct Set(libc::cpu_set_t);

impl Set {
    /// The CPUs that the calling thread may run on. `None`: the machine has more CPUs than the
    /// set can name.
    pub(crate) fn of_thread() -> Option<Set> {
        // SAFETY: a set is an array of integers.
        let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
        // SAFETY: the set is valid for writing for the size given.
        let status = unsafe { libc::sched_getaffinity(0, size_of_val(&set), &mut set) };
        (status == 0).then_some(Set(set))
    }

    /// The set without one of its CPUs.
    pub(crate) fn without(self, cpu: u32) -> Set {
        let mut set = self.0;
        if (cpu as usize) < 8 * size_of_val(&set) {
            // SAFETY: the number is within the set.
            unsafe { libc::CPU_CLR(cpu as usize, &mut set) };
        }
        Set(set)
    }

    pub(crate) fn is_empty(&self) -> bool {
        // SAFETY: only reads the set.
        unsafe { libc::CPU_COUNT(&self.0) == 0 }
    }

    /// Whether both name the same CPUs.
    #[cfg(test)]
    pub(crate) fn equals(&self, other: &Set) -> bool {
        // SAFETY: only reads the sets.
        unsafe { libc::CPU_EQUAL(&self.0, &other.0) }
    }

    /// Lets the calling thread run on these CPUs only. Returns whether that worked.
    pub(crate) fn apply(&self) -> bool {
        // SAFETY: the set is valid for reading for the size given.
        unsafe { libc::sched_setaffinity(0, size_of_val(&self.0), &self.0) == 0 }
    }
}
