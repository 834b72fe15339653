//! The number of a process, as pointers carry it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers processes for the life of the program; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ProcId(u64);

static NEXT: AtomicU64 = AtomicU64::new(1);

impl ProcId {
    /// What a null pointer has: no process.
    pub(crate) const NONE: ProcId = ProcId(0);

    /// A number that no process had before.
    pub(crate) fn next() -> ProcId {
        ProcId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Display for ProcId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("no process"),
            id => write!(f, "VE process {id} of this program"),
        }
    }
}
