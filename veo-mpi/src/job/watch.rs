//! The watcher of a job: a thread that ends this rank where the thread in charge cannot.
//!
//! It looks at three things: the launcher, whose end some MPIs do not tell a rank; the VE process, whose end the thread in charge does not see while it
//! waits in MPI or computes; and an end of the job that takes too long. It is there before MPI begins, whose beginning waits for all ranks. It never
//! calls MPI.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use veo_abi::environment;
use veo_core::VeoProc;

use super::ending;
use crate::error::{Error, Result};

/// How often it looks.
const PERIOD: Duration = Duration::from_millis(100);

/// How long the thread in charge may take to see by itself that its VE process is gone: it knows more.
const GRACE: Duration = Duration::from_secs(1);

/// The state that the watcher and the thread in charge share.
#[derive(Default)]
struct SharedWatch {
    state: Mutex<WatchState>,
    changed: Condvar,
}

#[derive(Default)]
struct WatchState {
    process: Option<VeoProc>,
    is_over: bool,
}

impl SharedWatch {
    fn state(&self) -> MutexGuard<'_, WatchState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The watcher, as the thread in charge has it.
pub(super) struct JobWatcher {
    shared: Arc<SharedWatch>,
    thread: JoinHandle<()>,
}

impl JobWatcher {
    pub(super) fn start() -> Result<JobWatcher> {
        let shared = Arc::new(SharedWatch::default());
        // Without a launcher the parent is a shell, which may end before.
        let launcher = environment::is_mpi_rank().then(parent);
        let thread = std::thread::Builder::new()
            .name("veo-mpi-watch".into())
            .spawn({
                let shared = Arc::clone(&shared);
                move || watch(&shared, launcher)
            });
        let thread = thread.map_err(|error| Error::System {
            what: "cannot start the thread that watches a job".into(),
            reason: error.to_string(),
        })?;
        Ok(JobWatcher { shared, thread })
    }

    /// Has it look at this process.
    pub(super) fn observe(&self, process: &VeoProc) {
        self.shared.state().process = Some(process.clone());
    }

    /// Has it look at the process no more, which is about to end as it should.
    pub(super) fn ignore_process(&self) {
        let process = self.shared.state().process.take();
        // Without the lock, which the watcher wants.
        drop(process);
    }

    /// Ends it.
    pub(super) fn stop(self) {
        self.shared.state().is_over = true;
        self.shared.changed.notify_all();
        // It does not panic; if it has, it is over as well.
        let _ = self.thread.join();
    }
}

/// The process that has started this one.
fn parent() -> libc::pid_t {
    // SAFETY: only asks for a number.
    unsafe { libc::getppid() }
}

fn watch(shared: &SharedWatch, launcher: Option<libc::pid_t>) {
    let mut lost: Option<Instant> = None;
    let mut ending: Option<Instant> = None;
    let mut state = shared.state();
    while !state.is_over {
        let process = state.process.clone();
        drop(state);
        if launcher.is_some_and(|launcher| parent() != launcher) {
            ending::say_at_once(&"has lost its launcher, which has ended, and ends, too");
            ending::leave();
        }
        if ending::is_ending() {
            let since = ending.get_or_insert_with(Instant::now);
            if since.elapsed() > 2 * GRACE {
                ending::leave();
            }
        }
        // One that the program has closed has no fault.
        let error = process.and_then(|process| process.check_alive().err());
        match error.filter(|error| error.fault().is_some()) {
            None => lost = None,
            Some(error) => {
                let since = lost.get_or_insert_with(Instant::now);
                if since.elapsed() > GRACE {
                    ending::end_job(&format_args!(
                        "has lost its VE process and goes on without it, in a wait for another rank perhaps; this ends the job: {}",
                        ending::whole(&error)
                    ));
                }
            }
        }
        state = shared.state();
        if !state.is_over {
            let waited = shared.changed.wait_timeout(state, PERIOD);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
