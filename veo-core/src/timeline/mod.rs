//! A timeline of requests: when they were queued, when they ran, when they were
//! collected, in a file that [Perfetto](https://ui.perfetto.dev) shows.
//!
//! It is switched on by the variable `VEO_TIMELINE`, which has the path of the file, by
//! [`VeoProcBuilder::timeline`](crate::VeoProcBuilder::timeline) for one process, or by [`start`]
//! for a part of a program. In the path `%p` stands for the number of the program's process, `%r`
//! for its rank under MPI, `%%` for `%`. A path that ends in `.json` gets Chrome's format.
//!
//! The file is complete but for the last 200 ms whenever the program ends, also if it is killed.
//! Where it cannot be written, there is one warning, and the program goes on.
//!
//! ```no_run
//! # fn f(proc: &veo_core::VeoProc) -> veo_core::Result<()> {
//! use veo_core::timeline;
//!
//! timeline::start("step-%p.pftrace")?;
//! // What is to be looked at.
//! timeline::stop();
//! # Ok(())
//! # }
//! ```

mod chrome;
mod depth;
mod format;
mod path;
mod perfetto;
mod recorder;
mod wire;

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, Weak};

use veo_abi::environment::VEO_TIMELINE;

use self::format::{ProcessInfo, ProgramInfo};
use self::recorder::{Recorder, RecordingSource};
use crate::clock::system_time;
use crate::error::{Error, Result};
use crate::session::ProcCore;
use crate::warning::warn;

/// The timelines of this program.
struct Timelines {
    /// Those that are written.
    open: Vec<Arc<Recorder>>,
    /// The one of [`start`].
    started: Option<Arc<Recorder>>,
    /// The VE processes that there may be.
    processes: Vec<(Weak<ProcCore>, ProcessInfo)>,
    /// Paths that cannot be written, of which the user knows.
    refused: Vec<PathBuf>,
}

static TIMELINES: Mutex<Timelines> = Mutex::new(Timelines {
    open: Vec::new(),
    started: None,
    processes: Vec::new(),
    refused: Vec::new(),
});

fn timelines() -> MutexGuard<'static, Timelines> {
    TIMELINES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Records the requests of all VE processes of the program from now on, also of those that are
/// created later, until [`stop`]. If it has been started before, that timeline ends, or goes on if
/// it has the same path.
///
/// # Errors
///
/// [`Error::System`] if the file cannot be written. Timelines that were started before go on then.
pub fn start(path: impl AsRef<Path>) -> Result<()> {
    let mut timelines = timelines();
    let recorder = timelines.recorder(path.as_ref())?;
    for (core, info) in &timelines.processes {
        // In a forked child those of the parent are not its own.
        if let Some(core) = core.upgrade().filter(|core| !core.image.is_foreign()) {
            recorder.follow(&core, info, RecordingSource::Started);
        }
    }
    let old = timelines.started.replace(Arc::clone(&recorder));
    drop(timelines);
    if let Some(old) = old.filter(|old| !Arc::ptr_eq(old, &recorder)) {
        end(&old);
    }
    Ok(())
}

/// Ends the timeline of [`start`]: the file is complete then. Without one nothing happens.
///
/// If the variable or a builder has the same path, all that was recorded until now is in the file,
/// and what they asked for goes on.
pub fn stop() {
    let started = timelines().started.take();
    if let Some(recorder) = started {
        end(&recorder);
    }
}

/// Ends what [`start`] has begun, and closes its file.
fn end(recorder: &Recorder) {
    recorder.stop();
    timelines().open.retain(|recorder| !recorder.is_over());
}

/// A process was made: `path` is where its builder wants a timeline.
pub(crate) fn enter(core: &Arc<ProcCore>, main: u64, path: Option<&Path>) {
    let wanted = match path {
        Some(path) => Some(path.to_owned()),
        None => VEO_TIMELINE.get().map(PathBuf::from),
    };
    let info = ProcessInfo {
        name: format!("{core}, {}", core.api.name),
        pid: core.extension.pid(),
        main,
    };
    let mut timelines = timelines();
    timelines
        .processes
        .retain(|(core, _)| core.strong_count() > 0);
    timelines
        .processes
        .push((Arc::downgrade(core), info.clone()));
    let mut refused = None;
    if let Some(path) = wanted {
        match timelines.recorder(&path) {
            Ok(recorder) => recorder.follow(core, &info, RecordingSource::Lasting),
            Err(error) => refused = timelines.refuse(path).then_some(error),
        }
    }
    let started = timelines.started.clone();
    if let Some(recorder) = started.filter(|recorder| recorder.pid == std::process::id()) {
        recorder.follow(core, &info, RecordingSource::Started);
    }
    drop(timelines);
    if let Some(error) = refused {
        // This runs code of the user, which may come back here.
        warn(format_args!("{error}; the program goes on without it"));
    }
}

impl Timelines {
    /// The timeline that is written to a path, begun if there is none yet.
    fn recorder(&mut self, pattern: &Path) -> Result<Arc<Recorder>> {
        let pid = std::process::id();
        let rank = path::rank();
        let path = path::expand(pattern, pid, rank.as_deref());
        let failed = |error: io::Error| Error::System {
            what: format!("cannot write the timeline {}", path.display()),
            reason: error.to_string(),
        };
        let path = std::path::absolute(&path).map_err(failed)?;
        self.open.retain(|recorder| !recorder.is_over());
        if let Some(recorder) = self.open.iter().find(|recorder| recorder.path == path) {
            if recorder.pid == pid {
                return Ok(Arc::clone(recorder));
            }
            return Err(failed(io::Error::other(
                "the process that this one was forked from writes it; put %p into the path",
            )));
        }
        let name = std::env::current_exe().ok();
        let name = name.as_deref().and_then(Path::file_name);
        let program = ProgramInfo {
            name: name.map_or("program".into(), |name| name.to_string_lossy().into_owned()),
            pid,
            rank,
            start: system_time(),
            unique: RandomState::new().hash_one((pid, system_time())),
        };
        let recorder = Recorder::open(&path, &program).map_err(failed)?;
        self.open.push(Arc::clone(&recorder));
        flush_at_exit();
        Ok(recorder)
    }

    /// Remembers that a timeline cannot be written. Whether the user has to be told.
    fn refuse(&mut self, path: PathBuf) -> bool {
        let is_new = !self.refused.contains(&path);
        if is_new {
            self.refused.push(path);
        }
        is_new
    }
}

/// Has the last records written when the program ends by itself.
fn flush_at_exit() {
    static ONCE: Once = Once::new();
    #[cfg(unix)]
    ONCE.call_once(|| {
        extern "C" fn flush() {
            let open = match TIMELINES.try_lock() {
                Ok(timelines) => timelines.open.clone(),
                // A thread that was in the middle of something is not waited for.
                Err(_) => return,
            };
            for recorder in open {
                if recorder.pid == std::process::id() {
                    // A warning runs code of the user, and the program ends whatever that does.
                    let _ = catch_unwind(AssertUnwindSafe(|| recorder.finish()));
                }
            }
        }
        // SAFETY: the function takes nothing, lives as long as the program and does not unwind:
        // what may panic in it is caught.
        unsafe { libc::atexit(flush) };
    });
    #[cfg(not(unix))]
    ONCE.call_once(|| {});
}
