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
const DEAR: u32 = 100;

/// A thread with one CPU looks this often whether it may use more.
const LONG_REST: Duration = Duration::from_millis(200);

/// This many waits on the host's CPU within this time are a conversation, and a move pays. A
/// single call now and then is served sooner on the CPU where it is made.
const CONVERSATION: (u32, Duration) = (16, Duration::from_millis(2));

/// When the calling thread may move again, and how often it has waited.
pub(super) struct Roam {
    next: Instant,
    /// When the present count of waits began.
    begin: Instant,
    waits: u32,
}

impl Roam {
    pub(super) fn new() -> Roam {
        let now = Instant::now();
        Roam {
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
        if self.waits < CONVERSATION.0 {
            // Most waits need no look at the clock.
            return false;
        }
        let now = Instant::now();
        let took = now.saturating_duration_since(self.begin);
        (self.begin, self.waits) = (now, 0);
        if took > CONVERSATION.1 || now < self.next {
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
        self.next = then + REST.max(DEAR * (then - now));
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_leaves_the_choice_of_cpus_alone() {
        let before = CpuSet::of_thread().unwrap();
        let mut roam = Roam::new();
        // The waits count as made at once, however slowly this test runs.
        roam.begin = Instant::now() + Duration::from_secs(3600);
        let here = current_cpu();
        for _ in 1..CONVERSATION.0 {
            assert!(!roam.leave(here), "a few waits are no reason to move");
        }
        assert_eq!(roam.leave(here), !before.without(here).is_empty());
        roam.next = Instant::now() + Duration::from_secs(3600);
        for _ in 0..=CONVERSATION.0 {
            assert!(!roam.leave(current_cpu()), "it has just moved");
        }
        assert!(CpuSet::of_thread().unwrap().equals(&before));
    }
}
