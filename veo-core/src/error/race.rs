//! Requests that may use the same memory at the same time.

use std::fmt;

/// Two requests of different contexts that may use the same memory at the same time, one of them
/// to write it. Nothing says in which order they run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Race {
    /// The request that was submitted later, or was to be.
    pub later: String,
    /// File and line where it was made.
    pub later_at: String,
    /// Its access to the memory: `reads`, `writes`, `writes a part of`.
    pub later_does: &'static str,
    /// The request that was submitted before, for which the program has not waited.
    pub earlier: String,
    /// File and line where it was made.
    pub earlier_at: String,
    /// Its access to the memory.
    pub earlier_does: &'static str,
    /// The beginning of the memory that both use, as an address of the VE.
    pub addr: u64,
    /// How many bytes both use.
    pub size: u64,
}

impl fmt::Display for Race {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = if self.size == 1 { "byte" } else { "bytes" };
        write!(
            f,
            "{} at {} may run at the same time as {} at {}, which is queued in another context: the \
             first {} and the second {} {} {bytes} at {:#x}. Wait for the second, or sync its \
             context, before the first is submitted, have its context come after it (`VeoContext::after`), \
             or queue both in one context; a kernel that writes a part of its own says so with `shared(..)` in its declaration",
            self.later,
            self.later_at,
            self.earlier,
            self.earlier_at,
            self.later_does,
            self.earlier_does,
            self.size,
            self.addr,
        )
    }
}
