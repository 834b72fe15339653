//! Gathers what the requests of a process come to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::figures::{ContextStats, KernelStats, OperationStats, RequestStats, TimeStats};
use super::histogram::Histogram;
use crate::kernel::Kernel;
use crate::session::{CommandState, RequestKind, RequestObserver, RequestRecord, RequestTimes};

/// As many contexts have figures of their own.
const MOST_CONTEXTS: usize = 1000;

/// Gathers what the requests of a process come to.
#[derive(Default)]
pub(crate) struct StatisticsCollector {
    gathered: Mutex<Gathered>,
}

#[derive(Default)]
struct Gathered {
    /// By their indexes.
    declared: Vec<Option<(&'static Kernel, Operation)>>,
    named: HashMap<Arc<str>, Operation>,
    writes: Operation,
    reads: Operation,
    copies: Operation,
    host_functions: Operation,
    /// In the order of their first requests.
    contexts: Vec<ContextStats>,
    /// The place of the context that the last request was of.
    last: usize,
    estimated: u64,
}

/// Events that happen again and again.
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
        // A transfer that has failed has moved an unknown number of bytes.
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

impl RequestObserver for StatisticsCollector {
    fn request(&self, record: &RequestRecord) {
        let times = &record.times;
        let failed = record.state != CommandState::Ok;
        let gathered = &mut *self.lock();
        gathered.estimated += u64::from(times.estimated);
        let (operation, bytes) = match &record.kind {
            RequestKind::Kernel(kernel) => (Some(gathered.declared(kernel)), 0),
            RequestKind::Function(name) => {
                let entry = gathered.named.entry(Arc::clone(name));
                (Some(entry.or_default()), 0)
            }
            RequestKind::Write(range) => (Some(&mut gathered.writes), range.size as u64),
            RequestKind::Read(range) => (Some(&mut gathered.reads), range.size as u64),
            RequestKind::Copy(range) => (Some(&mut gathered.copies), range.size as u64),
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
    fn declared(&mut self, kernel: &'static Kernel) -> &mut Operation {
        let index = kernel.index();
        if self.declared.len() <= index {
            self.declared.resize_with(index + 1, || None);
        }
        let place = &mut self.declared[index];
        let (_, operation) = place.get_or_insert_with(|| (kernel, Operation::default()));
        operation
    }

    /// The figures of a context, unless there are too many.
    fn context(&mut self, number: u64) -> Option<&mut ContextStats> {
        let is_it = |context: &ContextStats| context.context == number;
        // Requests of one context come one after another.
        if !self.contexts.get(self.last).is_some_and(is_it) {
            self.last = match self.contexts.iter().position(is_it) {
                Some(place) => place,
                None if self.contexts.len() >= MOST_CONTEXTS => return None,
                None => {
                    self.contexts.push(ContextStats {
                        context: number,
                        ..ContextStats::default()
                    });
                    self.contexts.len() - 1
                }
            };
        }
        self.contexts.get_mut(self.last)
    }
}

impl StatisticsCollector {
    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The statistics gathered so far.
    pub(crate) fn stats(&self) -> RequestStats {
        let gathered = self.lock();
        let declared = gathered.declared.iter().flatten();
        let declared = declared.map(|(kernel, operation)| {
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
        let mut contexts = gathered.contexts.clone();
        contexts.sort_by_key(|context| context.context);
        RequestStats {
            kernels,
            writes: gathered.writes.stats(),
            reads: gathered.reads.stats(),
            copies: gathered.copies.stats(),
            host_functions: gathered.host_functions.stats(),
            contexts,
            estimated: gathered.estimated,
        }
    }
}
