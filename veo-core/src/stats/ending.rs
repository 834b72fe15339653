//! Prints what a process has done on standard error: when it ends, or when the program does, whichever is first.
//!
//! A process whose last handle was dropped ends on a thread of its own. A program that returns from `main` then waits a little for that, so
//! that the table is complete.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError, Weak};
use std::time::Duration;

use super::collector::StatisticsCollector;
use super::executed::KernelStatistics;
use super::figures::{MemoryCount, ProcStats};
use super::table::proginf;
use crate::session::{ProcCore, ProcessImage};

/// How long the end of the program waits for that of a process.
const PATIENCE: Duration = Duration::from_secs(3);

/// The table of one process.
pub(crate) struct EndTable {
    name: String,
    /// Whether it has a line for each context.
    detail: bool,
    image: ProcessImage,
    core: Weak<ProcCore>,
    collector: Arc<StatisticsCollector>,
    memory: Arc<MemoryCount>,
    state: Mutex<TableState>,
    changed: Condvar,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TableState {
    Open,
    /// The process is about to end.
    Ending,
    Printed,
}

static TABLES: Mutex<Vec<Weak<EndTable>>> = Mutex::new(Vec::new());

impl EndTable {
    /// The table of a process that was just created.
    pub(crate) fn new(
        core: &Arc<ProcCore>,
        detail: bool,
        collector: Arc<StatisticsCollector>,
        memory: Arc<MemoryCount>,
    ) -> Arc<EndTable> {
        static AT_EXIT: Once = Once::new();
        AT_EXIT.call_once(|| {
            // SAFETY: the function takes no arguments and does not unwind.
            unsafe { libc::atexit(at_exit) };
        });
        let table = Arc::new(EndTable {
            name: core.to_string(),
            detail,
            image: ProcessImage::current(),
            core: Arc::downgrade(core),
            collector,
            memory,
            state: Mutex::new(TableState::Open),
            changed: Condvar::new(),
        });
        let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
        tables.retain(|table| table.strong_count() > 0);
        tables.push(Arc::downgrade(&table));
        table
    }

    fn lock(&self) -> MutexGuard<'_, TableState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process is about to end.
    pub(crate) fn ends(&self) {
        let mut state = self.lock();
        if *state == TableState::Open {
            *state = TableState::Ending;
        }
    }

    /// Prints it, unless that was done.
    pub(crate) fn print(&self, executed: &[KernelStatistics]) {
        let mut state = self.lock();
        if std::mem::replace(&mut *state, TableState::Printed) == TableState::Printed {
            return;
        }
        let stats = ProcStats {
            name: self.name.clone(),
            memory: self.memory.stats(),
            requests: Some(self.collector.stats()),
        };
        let mut text = if self.detail {
            format!("{stats:#}")
        } else {
            stats.to_string()
        };
        text += &proginf(executed, stats.requests.as_ref());
        // In one piece, and nobody may read it.
        let _ = std::io::stderr().write_all(text.as_bytes());
        drop(state);
        self.changed.notify_all();
    }

    /// Prints it at the end of the program.
    fn print_last(&self) {
        if self.image.is_foreign() {
            return;
        }
        let state = self.lock();
        let waited = self
            .changed
            .wait_timeout_while(state, PATIENCE, |state| *state == TableState::Ending);
        drop(waited);
        if let Some(core) = self.core.upgrade() {
            core.gather_records();
        }
        self.print(&[]);
    }
}

extern "C" fn at_exit() {
    // A forked child has a copy of the list, which another thread may have held.
    let tables = TABLES.try_lock().map(|tables| tables.clone());
    let tables = tables.unwrap_or_default();
    for table in tables.iter().filter_map(Weak::upgrade) {
        // The program ends even if this fails.
        let _ = catch_unwind(AssertUnwindSafe(|| table.print_last()));
    }
}
