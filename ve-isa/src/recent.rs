//! Keeps what threads have executed last, for when one of them traps.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::encoding::disassemble;
use crate::machine::Machine;

/// How many threads that have trapped are kept.
const MOST_KEPT: usize = 1024;

/// The last instructions of each thread.
#[derive(Debug, Clone)]
pub struct Recent {
    most: usize,
    known: Arc<Mutex<KnownRings>>,
}

/// The last instructions of one thread. The thread is known as long as this or a clone lives, and longer if it traps.
#[derive(Debug, Clone)]
pub struct RecentOfThread {
    all: Recent,
    ring: Arc<RecentRing>,
}

#[derive(Debug, Default)]
struct KnownRings {
    all: Vec<Weak<RecentRing>>,
    /// The instructions of threads that have trapped, and may be gone.
    trapped: Vec<Arc<RecentRing>>,
}

#[derive(Debug)]
struct RecentRing {
    thread: String,
    executed: Mutex<Executed>,
}

#[derive(Debug, Default)]
struct Executed {
    /// Addresses and words; from the oldest on once it is full.
    instructions: Vec<(u64, u64)>,
    /// The place of the oldest.
    oldest: usize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recent {
    /// Keeps at most this many instructions of each thread, 16 bytes each.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            known: Arc::default(),
        }
    }

    /// A thread that has executed nothing yet, with a name for the report.
    #[must_use]
    pub fn thread(&self, name: &str) -> RecentOfThread {
        let ring = Arc::new(RecentRing {
            thread: name.to_owned(),
            executed: Mutex::default(),
        });
        let known = &mut *lock(&self.known);
        known.all.retain(|ring| ring.strong_count() > 0);
        known.all.push(Arc::downgrade(&ring));
        RecentOfThread {
            all: self.clone(),
            ring,
        }
    }

    /// The last instructions of all threads, oldest first; threads that have trapped come last. Threads that have trapped and are
    /// gone are forgotten then.
    #[must_use]
    pub fn report(&self, machine: &Machine) -> String {
        let known = &mut *lock(&self.known);
        let trapped = std::mem::take(&mut known.trapped);
        let others = known.all.iter().filter_map(Weak::upgrade);
        let others = others.filter(|ring| trapped.iter().all(|other| !Arc::ptr_eq(ring, other)));
        // The first to trap is what the others ended for.
        let all: Vec<_> = others.chain(trapped.iter().rev().cloned()).collect();
        let mut text = String::new();
        for ring in all {
            let executed = lock(&ring.executed);
            let (newer, older) = executed.instructions.split_at(executed.oldest);
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "the last {} instructions of {}:",
                executed.instructions.len(),
                ring.thread
            );
            for (ic, word) in older.iter().chain(newer) {
                let place = machine.describe(*ic);
                let place = place.map_or_else(String::new, |place| format!(" <{place}>"));
                let instruction = disassemble(*word).unwrap_or_else(|| "<unknown>".into());
                let _ = writeln!(text, "{ic:x}{place}: {instruction}");
            }
        }
        text
    }
}

impl RecentOfThread {
    /// The thread executes an instruction.
    pub fn note(&self, ic: u64, word: u64) {
        let executed = &mut *lock(&self.ring.executed);
        if executed.instructions.len() < self.all.most {
            executed.instructions.push((ic, word));
            return;
        }
        executed.instructions[executed.oldest] = (ic, word);
        executed.oldest = (executed.oldest + 1) % self.all.most;
    }

    /// The thread traps: it is kept for the report, whatever becomes of it.
    pub fn trapped(&self) {
        let known = &mut *lock(&self.all.known);
        let is_known = known
            .trapped
            .iter()
            .any(|other| Arc::ptr_eq(other, &self.ring));
        if !is_known && known.trapped.len() < MOST_KEPT {
            known.trapped.push(self.ring.clone());
        }
    }

    /// A thread that this one creates.
    #[must_use]
    pub fn created(&self) -> Self {
        self.all.thread("a thread that VE machine code has created")
    }
}
