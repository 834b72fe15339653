//! Moving off a CPU that the host's thread needs.
//!
//! Two threads that wait for each other on one CPU pay two switches for every call. The system
//! leaves them there although another CPU is free. With the move, a waited call took 0.7 µs on
//! two CPUs; without it, 5 µs (row "waited call, 8 arguments" of the bench).

use std::time::{Duration, Instant};

use crate::sys::thread::{CpuSet, current_cpu};

/// The least time between two moves. It keeps threads from chasing each other.
const REST: Duration = Duration::from_millis(1);

/// The time until the next move is at least this many times what the last one cost.
const COST_FACTOR: u32 = 100;

/// A thread with one CPU looks this often whether it may use more.
const LONG_REST: Duration = Duration::from_millis(200);

/// A move pays from this many waits on the host's CPU within this time. A single call now and then
/// is served sooner on the CPU where it is made.
const FREQUENT_WAITS: (u32, Duration) = (16, Duration::from_millis(2));

/// When the calling thread may move again, and how often it has waited.
pub(super) struct CpuMigration {
    next: Instant,
    /// When the present count of waits began.
    begin: Instant,
    waits: u32,
}

impl CpuMigration {
    pub(super) fn new() -> CpuMigration {
        let now = Instant::now();
        CpuMigration {
            next: now,
            begin: now,
            waits: 0,
        }
    }

    /// Notes a wait on CPU `here`, which the host's thread uses as well. After many waits in a
    /// short time, this moves the calling thread to another of its CPUs, unless it has no other
    /// or has just moved. The set of its CPUs stays the same. Returns whether it moved.
    pub(super) fn leave(&mut self, here: u32) -> bool {
        self.waits += 1;
        if self.waits < FREQUENT_WAITS.0 {
            // Most waits need no look at the clock.
            return false;
        }
        let now = Instant::now();
        let took = now.saturating_duration_since(self.begin);
        (self.begin, self.waits) = (now, 0);
        if took > FREQUENT_WAITS.1 || now < self.next {
            return false;
        }
        self.next = now + LONG_REST;
        let Some(allowed) = CpuSet::of_thread() else {
            return false;
        };
        let others = allowed.without(here);
        if others.is_empty() || !others.apply() {
            return false;
        }
        let moved = current_cpu() != here;
        allowed.apply();
        // On a busy machine the thread waits long until it runs again.
        let then = Instant::now();
        self.next = then + REST.max(COST_FACTOR * (then - now));
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_leaves_the_choice_of_cpus_alone() {
        let before = CpuSet::of_thread().unwrap();
        let mut migration = CpuMigration::new();
        // The waits count as made at once, however slowly this test runs.
        migration.begin = Instant::now() + Duration::from_secs(3600);
        let here = current_cpu();
        for _ in 1..FREQUENT_WAITS.0 {
            assert!(!migration.leave(here), "a few waits are no reason to move");
        }
        assert_eq!(migration.leave(here), !before.without(here).is_empty());
        migration.next = Instant::now() + Duration::from_secs(3600);
        for _ in 0..=FREQUENT_WAITS.0 {
            assert!(!migration.leave(current_cpu()), "it has just moved");
        }
        assert!(CpuSet::of_thread().unwrap().equals(&before));
    }
}
