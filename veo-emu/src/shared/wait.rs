//! Spinning for a bounded time before sleeping.

use std::time::{Duration, Instant};

/// How long a side spins before it sleeps. Waking a sleeper on another CPU costs
/// about as much, so this at most doubles the time of a wait.
const BUDGET: Duration = Duration::from_micros(50);

/// Looks at the clock are rare: it costs as much as many looks at a word.
const LOOKS_PER_CLOCK: u32 = 32;

/// A wait that has begun.
#[derive(Default)]
pub(crate) struct Spin {
    looks: u32,
    start: Option<Instant>,
}

impl Spin {
    /// Pauses for an instant. `false` when the budget is spent.
    #[inline]
    pub(crate) fn again(&mut self) -> bool {
        std::hint::spin_loop();
        self.looks += 1;
        if !self.looks.is_multiple_of(LOOKS_PER_CLOCK) {
            return true;
        }
        match self.start {
            None => {
                self.start = Some(Instant::now());
                true
            }
            Some(start) => start.elapsed() < BUDGET,
        }
    }

    /// Whether this is one of the rare rounds, in which a check may cost more.
    #[inline]
    pub(crate) fn is_rare(&self) -> bool {
        self.looks.is_multiple_of(LOOKS_PER_CLOCK)
    }
}
