//! The figures of a process, as the program gets them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::histogram::Histogram;

/// The statistics of a process so far: [`VeoProc::stats`](crate::VeoProc::stats). Displayed it is a table, with `{:#}` one with a line for each
/// context.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ProcStats {
    /// The process, as errors name it.
    pub name: String,
    /// Memory that the program has allocated.
    pub memory: MemoryStats,
    /// The statistics of requests. `None` if nobody asked for them when the process was created.
    pub requests: Option<RequestStats>,
}

/// Memory of a process that the program has allocated, by [`alloc`](crate::VeoProc::alloc) and all that do the same. Memory that kernels
/// allocate themselves is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryStats {
    /// Bytes that are allocated now.
    pub now: u64,
    /// The most bytes that were allocated at a time.
    pub most: u64,
    /// How many allocations there are now.
    pub blocks: u64,
}

/// The statistics of the requests of a process that have ended: calls and transfers that were queued, and those that were waited for.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RequestStats {
    /// Kernels, those that have run longest first.
    pub kernels: Vec<KernelStats>,
    /// Transfers to the VE.
    pub writes: OperationStats,
    /// Transfers from the VE.
    pub reads: OperationStats,
    /// Copies within the memory of the VE.
    pub copies: OperationStats,
    /// Host functions: [`call_vh`](crate::VeoContext::call_vh).
    pub host_functions: OperationStats,
    /// Contexts in the order of their opening, the first 1,000 of a process that have done something.
    pub contexts: Vec<ContextStats>,
    /// How many requests have estimated times, since it is not known when they began or ended to run. These are nearly all, except
    /// copies that the program waited for on the process. The estimate: a request begins when it was queued or when the one before
    /// it had ended, and ends when the host saw its end.
    pub estimated: u64,
}

/// A kernel in [`RequestStats`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct KernelStats {
    /// Its symbol.
    pub kernel: String,
    /// Its library as the declaration names it, `None` for a function that was looked up by name.
    pub library: Option<String>,
    /// How often it was called, and how long that took.
    pub calls: OperationStats,
}

/// How often something was done, how long it took, how many bytes it moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationStats {
    /// How often it was done, failures included.
    pub count: u64,
    /// How often it has failed.
    pub errors: u64,
    /// How long it waited in the queue.
    pub queued: TimeStats,
    /// How long it ran.
    pub running: TimeStats,
    /// The bytes that it moved, if it is a transfer.
    pub bytes: u64,
}

impl OperationStats {
    /// Bytes for each second that it ran, 0 if it did not.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let seconds = self.running.sum.as_secs_f64();
        if seconds > 0.0 {
            self.bytes as f64 / seconds
        } else {
            0.0
        }
    }
}

/// How times are spread; all are 0 where there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeStats {
    /// All of them.
    pub sum: Duration,
    /// The shortest.
    pub min: Duration,
    /// The longest.
    pub max: Duration,
    /// The median. It is off by at most a sixteenth, and so is the next.
    pub p50: Duration,
    /// 99 of 100 are not longer.
    pub p99: Duration,
}

impl From<&Histogram> for TimeStats {
    fn from(times: &Histogram) -> TimeStats {
        TimeStats {
            sum: Duration::from_nanos(times.sum()),
            min: Duration::from_nanos(times.min()),
            max: Duration::from_nanos(times.max()),
            p50: Duration::from_nanos(times.percentile(50)),
            p99: Duration::from_nanos(times.percentile(99)),
        }
    }
}

/// A context in [`RequestStats`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContextStats {
    /// The context's number, as its `Debug` output has it. Requests that are not queued in a context count as the process's own.
    pub context: u64,
    /// Its requests that have ended.
    pub requests: u64,
    /// Those that have failed.
    pub errors: u64,
    /// How long they waited in the queue.
    pub queued: Duration,
    /// How long they ran.
    pub running: Duration,
    /// The bytes that they moved.
    pub bytes: u64,
}

/// Counts the memory of a process.
#[derive(Debug, Default)]
pub(crate) struct MemoryCount {
    now: AtomicU64,
    most: AtomicU64,
    blocks: AtomicU64,
}

impl MemoryCount {
    /// Counts a new block. Gives how much there is now.
    pub(crate) fn allocated(&self, size: u64) -> u64 {
        let now = self.now.fetch_add(size, Ordering::Relaxed) + size;
        self.most.fetch_max(now, Ordering::Relaxed);
        self.blocks.fetch_add(1, Ordering::Relaxed);
        now
    }

    /// Counts a block that is gone. Gives how much there is now.
    pub(crate) fn freed(&self, size: u64) -> u64 {
        let before = self.now.fetch_sub(size, Ordering::Relaxed);
        self.blocks.fetch_sub(1, Ordering::Relaxed);
        before.saturating_sub(size)
    }

    /// All of it is gone with the process.
    pub(crate) fn lost(&self) {
        self.now.store(0, Ordering::Relaxed);
        self.blocks.store(0, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> MemoryStats {
        MemoryStats {
            now: self.now.load(Ordering::Relaxed),
            most: self.most.load(Ordering::Relaxed),
            blocks: self.blocks.load(Ordering::Relaxed),
        }
    }
}
