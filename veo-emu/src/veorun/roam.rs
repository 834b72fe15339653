//! Moving off a CPU that the host's thread needs: two threads that wait for each
//! other on one CPU pay two switches for every call.

use std::time::{Duration, Instant};

use crate::sys::cpu;

/// The least time between two moves, so that threads do not chase each other.
const REST: Duration = Duration::from_millis(1);

/// A move may cost this part of the time until the next.
const DEAR: u32 = 100;

/// The time after which a thread with one CPU looks whether it has been given more.
const LONG_REST: Duration = Duration::from_millis(200);

/// So many waits on the host's CPU in that time are a conversation, for which a move
/// pays; a call now and then is served sooner where it is made.
const CONVERSATION: (u32, Duration) = (16, Duration::from_millis(2));

/// When the calling thread may move again, and what speaks for it.
pub(super) struct Roam {
    next: Instant,
    /// When the waits began that are counted now.
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

    /// Notes a wait on CPU `here`, which the host's thread uses as well. After many in a
    /// short time moves the calling thread to another of its CPUs, if it has any and did
    /// not move just now. Which CPUs it may use stays as it is. Returns whether it moved.
    pub(super) fn leave(&mut self, here: u32) -> bool {
        self.waits += 1;
        if self.waits < CONVERSATION.0 {
            // Most waits come without a look at the clock.
            return false;
        }
        let now = Instant::now();
        let took = now.saturating_duration_since(self.begin);
        (self.begin, self.waits) = (now, 0);
        if took > CONVERSATION.1 || now < self.next {
            return false;
        }
        self.next = now + LONG_REST;
        let Some(allowed) = cpu::Set::of_thread() else {
            return false;
        };
        let others = allowed.without(here);
        if others.is_empty() || !others.apply() {
            return false;
        }
        let moved = cpu::current() != here;
        allowed.apply();
        // Where other programs keep the CPUs busy, coming to run again takes long.
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
        let before = cpu::Set::of_thread().unwrap();
        let mut roam = Roam::new();
        // Time stands still for these waits, however long this test is kept from running.
        roam.begin = Instant::now() + Duration::from_secs(3600);
        let here = cpu::current();
        for _ in 1..CONVERSATION.0 {
            assert!(!roam.leave(here), "a few waits are no reason to move");
        }
        assert_eq!(roam.leave(here), !before.without(here).is_empty());
        roam.next = Instant::now() + Duration::from_secs(3600);
        for _ in 0..=CONVERSATION.0 {
            assert!(!roam.leave(cpu::current()), "it has just moved");
        }
        assert!(cpu::Set::of_thread().unwrap().equals(&before));
    }
}
