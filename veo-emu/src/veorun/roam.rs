//! Moving off a CPU that the host's thread needs: two threads that wait for each
//! other on one CPU pay two switches for every call.

use std::time::{Duration, Instant};

use crate::sys::cpu;

/// The least time between two moves, so that threads do not chase each other.
const REST: Duration = Duration::from_millis(1);

/// The time after which a thread with one CPU looks whether it has been given more.
const LONG_REST: Duration = Duration::from_millis(200);

/// When the calling thread may move again.
#[derive(Default)]
pub(super) struct Roam {
    next: Option<Instant>,
}

impl Roam {
    /// Moves the calling thread to another of its CPUs, if it has any and did not move
    /// just now. Which CPUs it may use stays as it is. Returns whether it moved.
    pub(super) fn leave(&mut self, here: u32) -> bool {
        let now = Instant::now();
        if self.next.is_some_and(|next| now < next) {
            return false;
        }
        self.next = now.checked_add(LONG_REST);
        let Some(allowed) = cpu::Set::of_thread() else {
            return false;
        };
        let others = allowed.without(here);
        if others.is_empty() || !others.apply() {
            return false;
        }
        let moved = cpu::current() != here;
        self.next = now.checked_add(REST);
        allowed.apply();
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_leaves_the_choice_of_cpus_alone() {
        let before = cpu::Set::of_thread().unwrap();
        let mut roam = Roam::default();
        let here = cpu::current();
        assert_eq!(roam.leave(here), !before.without(here).is_empty());
        // As if it had just moved, however long this test is kept waiting.
        roam.next = Instant::now().checked_add(Duration::from_secs(3600));
        assert!(!roam.leave(cpu::current()));
        assert!(cpu::Set::of_thread().unwrap().equals(&before));
    }
}
