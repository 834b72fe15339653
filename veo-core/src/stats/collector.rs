//! Gathers what the requests of a process come to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::figures::{ContextStats, KernelStats, OperationStats, RequestStats, TimeStats};
use super::histogram::Histogram;
use crate::kernel::Kernel;
use crate::session::{CommandState, RequestKind, RequestObserver, RequestRecord, RequestTimes};

/// As many contexts have figures of their own.
const MOST_CONTEXTS: usize = 1000;

/// Gathers what the requests of a process come to.
#[derive(Default)]
pub(crate) struct StatisticsCollector {
    gathered: Mutex<GatheredStatistics>,
}

#[derive(Default)]
struct GatheredStatistics {
    /// By their indexes.
    declared: Vec<Option<(&'static Kernel, RepeatedEvents)>>,
    named: HashMap<Arc<str>, RepeatedEvents>,
    writes: RepeatedEvents,
    reads: RepeatedEvents,
    copies: RepeatedEvents,
    host_functions: RepeatedEvents,
    /// In the order of their first requests.
    contexts: Vec<ContextFigures>,
    /// The place of the context that the last request was of.
    last: usize,
    estimated: u64,
}

/// The sums of a context's requests. Times are in nanoseconds.
#[derive(Default)]
struct ContextFigures {
    context: u64,
    requests: u64,
    errors: u64,
    queued: u64,
    running: u64,
    bytes: u64,
}

impl ContextFigures {
    fn add(&mut self, times: &RequestTimes, failed: bool, bytes: u64) {
        self.requests += 1;
        self.errors += u64::from(failed);
        self.queued = self.queued.saturating_add(times.started - times.queued);
        self.running = self.running.saturating_add(times.ended - times.started);
        self.bytes += if failed { 0 } else { bytes };
    }

    fn stats(&self) -> ContextStats {
        ContextStats {
            context: self.context,
            requests: self.requests,
            errors: self.errors,
            queued: Duration::from_nanos(self.queued),
            running: Duration::from_nanos(self.running),
            bytes: self.bytes,
        }
    }
}

/// Events that happen again and again.
#[derive(Default)]
struct RepeatedEvents {
    count: u64,
    errors: u64,
    bytes: u64,
    /// In nanoseconds.
    queued: Histogram,
    running: Histogram,
}

impl RepeatedEvents {
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
    fn requests(&self, records: &[RequestRecord]) {
        let gathered = &mut *self.lock();
        records.iter().for_each(|record| gathered.add(record));
    }
}

impl GatheredStatistics {
    #[inline]
    fn add(&mut self, record: &RequestRecord) {
        let times = &record.times;
        let failed = record.state != CommandState::Ok;
        self.estimated += u64::from(times.estimated);
        let (operation, bytes) = match &record.kind {
            RequestKind::Kernel(kernel) => (Some(self.declared(kernel)), 0),
            RequestKind::Function(function) => {
                let entry = self.named.entry(Arc::clone(&function.name));
                (Some(entry.or_default()), 0)
            }
            RequestKind::Write(range) => (Some(&mut self.writes), range.size as u64),
            RequestKind::Read(range) => (Some(&mut self.reads), range.size as u64),
            RequestKind::Copy(range) => (Some(&mut self.copies), range.size as u64),
            RequestKind::HostFunction => (Some(&mut self.host_functions), 0),
            RequestKind::Alloc(_) | RequestKind::After(_) => (None, 0),
        };
        if let Some(operation) = operation {
            operation.add(times, failed, bytes);
        }
        if let Some(context) = self.context(record.context) {
            context.add(times, failed, bytes);
        }
    }

    fn declared(&mut self, kernel: &'static Kernel) -> &mut RepeatedEvents {
        let index = kernel.index();
        if self.declared.len() <= index {
            self.declared.resize_with(index + 1, || None);
        }
        let place = &mut self.declared[index];
        let (_, operation) = place.get_or_insert_with(|| (kernel, RepeatedEvents::default()));
        operation
    }

    /// The figures of a context, unless there are too many.
    fn context(&mut self, number: u64) -> Option<&mut ContextFigures> {
        let is_it = |context: &ContextFigures| context.context == number;
        // Requests of one context come one after another.
        if !self.contexts.get(self.last).is_some_and(is_it) {
            self.last = match self.contexts.iter().position(is_it) {
                Some(place) => place,
                None if self.contexts.len() >= MOST_CONTEXTS => return None,
                None => {
                    self.contexts.push(ContextFigures {
                        context: number,
                        ..ContextFigures::default()
                    });
                    self.contexts.len() - 1
                }
            };
        }
        self.contexts.get_mut(self.last)
    }
}

impl StatisticsCollector {
    fn lock(&self) -> MutexGuard<'_, GatheredStatistics> {
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
        let contexts = gathered.contexts.iter().map(ContextFigures::stats);
        let mut contexts: Vec<_> = contexts.collect();
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
