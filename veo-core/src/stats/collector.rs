//! Gathers what the requests of a process come to.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::figures::{ContextStats, KernelStats, OperationStats, RequestStats, TimeStats};
use super::histogram::Histogram;
use crate::kernel::Kernel;
use crate::session::{CommandState, Observer, RequestKind, RequestRecord, RequestTimes};

/// As many contexts have figures of their own.
const MOST_CONTEXTS: usize = 1000;

/// Gathers what the requests of a process come to.
#[derive(Default)]
pub(crate) struct Collector {
    gathered: Mutex<Gathered>,
}

#[derive(Default)]
struct Gathered {
    declared: HashMap<usize, (&'static Kernel, Operation)>,
    named: HashMap<Arc<str>, Operation>,
    writes: Operation,
    reads: Operation,
    copies: Operation,
    host_functions: Operation,
    contexts: BTreeMap<u64, ContextStats>,
    estimated: u64,
}

/// What is done again and again.
#[derive(Default)]
struct Operation {
    count: u64,
    errors: u64,
    bytes: u64,
    /// In nanoseconds.
    queued: Histogram,
    running: Histogram,
}

impl Operation {
    fn add(&mut self, times: &RequestTimes, failed: bool, bytes: u64) {
        self.count += 1;
        self.errors += u64::from(failed);
        // What a transfer that has failed has moved is not known.
        self.bytes += if failed { 0 } else { bytes };
        self.queued.add(times.started - times.queued);
        self.running.add(times.ended - times.started);
    }

    fn stats(&self) -> OperationStats {
        OperationStats {
            count: self.count,
            errors: self.errors,
            queued: TimeStats::from(&self.queued),
            running: TimeStats::from(&self.running),
            bytes: self.bytes,
        }
    }
}

impl Observer for Collector {
    fn request(&self, record: &RequestRecord) {
        let times = &record.times;
        let failed = record.state != CommandState::Ok;
        let gathered = &mut *self.lock();
        gathered.estimated += u64::from(times.estimated);
        let (operation, bytes) = match &record.kind {
            RequestKind::Kernel(kernel) => {
                let entry = gathered.declared.entry(kernel.index());
                let (_, operation) = entry.or_insert_with(|| (*kernel, Operation::default()));
                (Some(operation), 0)
            }
            RequestKind::Function(name) => {
                let entry = gathered.named.entry(Arc::clone(name));
                (Some(entry.or_default()), 0)
            }
            RequestKind::Write(bytes) => (Some(&mut gathered.writes), *bytes as u64),
            RequestKind::Read(bytes) => (Some(&mut gathered.reads), *bytes as u64),
            RequestKind::Copy(bytes) => (Some(&mut gathered.copies), *bytes as u64),
            RequestKind::HostFunction => (Some(&mut gathered.host_functions), 0),
            RequestKind::Alloc(_) | RequestKind::After(_) => (None, 0),
        };
        if let Some(operation) = operation {
            operation.add(times, failed, bytes);
        }
        if let Some(context) = gathered.context(record.context) {
            context.requests += 1;
            context.errors += u64::from(failed);
            context.queued += nanoseconds(times.started - times.queued);
            context.running += nanoseconds(times.ended - times.started);
            context.bytes += if failed { 0 } else { bytes };
        }
    }
}

fn nanoseconds(time: u64) -> std::time::Duration {
    std::time::Duration::from_nanos(time)
}

impl Gathered {
    /// The figures of a context, unless there are too many.
    fn context(&mut self, number: u64) -> Option<&mut ContextStats> {
        let full = self.contexts.len() >= MOST_CONTEXTS;
        if full && !self.contexts.contains_key(&number) {
            return None;
        }
        let fresh = ContextStats {
            context: number,
            ..ContextStats::default()
        };
        Some(self.contexts.entry(number).or_insert(fresh))
    }
}

impl Collector {
    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was gathered so far.
    pub(crate) fn stats(&self) -> RequestStats {
        let gathered = self.lock();
        let declared = gathered.declared.values().map(|(kernel, operation)| {
            let info = kernel.info();
            (
                info.symbol.to_owned(),
                Some(info.library.to_string()),
                operation,
            )
        });
        let named = gathered.named.iter();
        let named = named.map(|(name, operation)| (name.to_string(), None, operation));
        let mut kernels: Vec<_> = declared
            .chain(named)
            .map(|(kernel, library, operation)| KernelStats {
                kernel,
                library,
                calls: operation.stats(),
            })
            .collect();
        kernels.sort_by(|one, other| {
            let longest = other.calls.running.sum.cmp(&one.calls.running.sum);
            longest.then_with(|| (&one.kernel, &one.library).cmp(&(&other.kernel, &other.library)))
        });
        RequestStats {
            kernels,
            writes: gathered.writes.stats(),
            reads: gathered.reads.stats(),
            copies: gathered.copies.stats(),
            host_functions: gathered.host_functions.stats(),
            contexts: gathered.contexts.values().copied().collect(),
            estimated: gathered.estimated,
        }
    }
}
