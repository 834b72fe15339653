//! Takes records from the threads that collect requests, and writes them on a thread of its own.
//!
//! Calls never wait for the writer: records go to a list, which the writer exchanges for an empty one.
//! The lock of the list is held for nothing else. Where the list is full, whole requests are missing, or
//! other marks, which the trace says. The writer wakes up a few times in a second, or when much has
//! come, and writes whole records. So a trace is complete up to the last 200 ms whenever the program
//! ends, in whatever way.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

use super::depth::Depth;
use super::format::{CONTEXTS, MissingEvents, ProcessInfo, ProgramInfo, TraceFormat};
use super::path;
use super::{chrome::Chrome, perfetto::Perfetto};
use crate::clock::system_time;
use crate::error::Fault;
use crate::session::{ProcCore, RequestObserver, RequestRecord};
use crate::warning::warn;

/// As many records wait for the writer at most: some 2 MB. It has as many at hand.
const ROOM: usize = 1 << 14;

/// The writer is woken when as many wait. Both lists are used again, so they stay in the caches.
const WAKE: usize = 1 << 12;

/// So often the writer looks for more before it does something else.
const ROUNDS: usize = 16;

/// The writer looks around this often.
const PERIOD: Duration = Duration::from_millis(80);

/// How much is handed to the system at once.
const CHUNK: usize = 1 << 16;

/// Events that are so frequent that each may cost a copy only.
enum FrequentEvent {
    Request(u32, RequestRecord),
    Memory(u32, u64, u64),
    Block(u32, u64, u64, u64),
}

/// Events that are rare and never left out.
enum Notice {
    Process(u32, ProcessInfo),
    Instant(u32, u64, String),
    /// The process is gone, and has sent all that it ever will.
    Gone(u32),
}

/// A timeline that is being written.
pub(super) struct Recorder {
    pub(super) path: PathBuf,
    /// The process that writes it: not a forked child.
    pub(super) pid: u32,
    /// What the writer has not taken yet.
    entries: Mutex<Vec<FrequentEvent>>,
    notices: Mutex<Vec<Notice>>,
    /// The numbers of missing requests, and of other missing entries.
    dropped: [AtomicU64; 2],
    processes: AtomicU32,
    followers: Mutex<Vec<RecordedProcess>>,
    /// Whether the variable or a builder asked for it: then it lasts until the program ends.
    lasting: AtomicBool,
    sink: Mutex<TimelineFile>,
    writer: OnceLock<Thread>,
    /// Whether nothing is taken any more.
    over: AtomicBool,
}

/// The origin of the wish to record a process.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordingSource {
    /// The variable or the builder of the process.
    Lasting,
    /// `start`, until `stop`.
    Started,
}

/// A process that is recorded.
struct RecordedProcess {
    core: Weak<ProcCore>,
    process: u32,
    observer: Arc<dyn RequestObserver>,
    asked: RecordingSource,
}

impl RecordedProcess {
    /// Lets the process go, so that its calls cost what they cost without a timeline. A forked
    /// child leaves those of its parent alone.
    fn leave(&self) {
        let core = self.core.upgrade();
        if let Some(core) = core.filter(|core| !core.image.is_foreign()) {
            core.ignore(&self.observer);
        }
    }
}

/// The file, and all that the writer knows.
struct TimelineFile {
    /// The list for the next exchange, empty.
    entries: Vec<FrequentEvent>,
    format: Box<dyn TraceFormat>,
    file: File,
    out: Vec<u8>,
    /// The length of the file, without the text that every file ends with.
    written: u64,
    depths: HashMap<(u32, u64), Depth>,
    /// Processes that are gone. Entries of theirs may still wait.
    gone: Vec<u32>,
    missing: MissingEvents,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorder {
    /// Begins a file, and the thread that writes it.
    pub(super) fn open(path: &Path, program: &ProgramInfo) -> io::Result<Arc<Recorder>> {
        let file = create(path)?;
        let mut format: Box<dyn TraceFormat> = if path::is_json(path) {
            Box::new(Chrome::new())
        } else {
            Box::new(Perfetto::new())
        };
        let mut out = Vec::new();
        format.program(&mut out, program);
        let mut sink = TimelineFile {
            entries: Vec::with_capacity(WAKE),
            format,
            file,
            out,
            written: 0,
            depths: HashMap::new(),
            gone: Vec::new(),
            missing: MissingEvents::default(),
        };
        sink.write()?;
        let recorder = Arc::new(Recorder {
            path: path.to_owned(),
            pid: program.pid,
            entries: Mutex::new(Vec::with_capacity(WAKE)),
            notices: Mutex::default(),
            dropped: [AtomicU64::new(0), AtomicU64::new(0)],
            processes: AtomicU32::new(0),
            followers: Mutex::default(),
            lasting: AtomicBool::new(false),
            sink: Mutex::new(sink),
            writer: OnceLock::new(),
            over: AtomicBool::new(false),
        });
        let writing = Arc::clone(&recorder);
        let thread = thread::Builder::new()
            .name("veo-timeline".into())
            .spawn(move || writing.run())?;
        let _ = recorder.writer.set(thread.thread().clone());
        Ok(recorder)
    }

    /// Records the requests of a process from now on, if it does not do so already.
    pub(super) fn follow(
        self: &Arc<Self>,
        core: &Arc<ProcCore>,
        info: &ProcessInfo,
        asked: RecordingSource,
    ) {
        if asked == RecordingSource::Lasting {
            self.lasting.store(true, Ordering::Relaxed);
        }
        let mut followers = self.followers();
        let mut known = followers.iter_mut();
        if let Some(known) = known.find(|known| known.core.as_ptr() == Arc::as_ptr(core)) {
            if asked == RecordingSource::Lasting {
                known.asked = asked;
            }
            return;
        }
        // It is over before it lets its processes go for the last time.
        if self.is_over() {
            return;
        }
        let process = self.processes.fetch_add(1, Ordering::Relaxed);
        self.note(Notice::Process(process, info.clone()));
        self.note(Notice::Instant(
            process,
            system_time(),
            format!("{} is recorded from here on", info.name),
        ));
        let observer: Arc<dyn RequestObserver> = Arc::new(Follower {
            recorder: Arc::clone(self),
            process,
        });
        followers.push(RecordedProcess {
            core: Arc::downgrade(core),
            process,
            observer: Arc::clone(&observer),
            asked,
        });
        core.observe(observer);
    }

    /// The processes that there are. The writer hears of those that are gone.
    fn followers(&self) -> MutexGuard<'_, Vec<RecordedProcess>> {
        let mut followers = lock(&self.followers);
        followers.retain(|followed| {
            let lives = followed.core.strong_count() > 0;
            if !lives {
                // Entries that its threads have sent are seen from here on.
                fence(Ordering::Acquire);
                self.note(Notice::Gone(followed.process));
            }
            lives
        });
        followers
    }

    /// Ends what `start` has begun. Timelines of the variable or a builder go on, and so do those
    /// of the process from which this one was forked.
    pub(super) fn stop(&self) {
        if self.pid != std::process::id() {
            return;
        }
        if !self.lasting.load(Ordering::Relaxed) {
            self.finish();
            return;
        }
        lock(&self.followers).retain(|followed| {
            let stays = followed.asked == RecordingSource::Lasting;
            if !stays {
                followed.leave();
            }
            stays
        });
        // That is as much as may wait for the writer.
        self.flush();
    }

    /// Whether it takes nothing any more.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn note(&self, notice: Notice) {
        lock(&self.notices).push(notice);
    }

    /// Takes requests of a process.
    fn take_requests(&self, process: u32, records: &[RequestRecord]) {
        let entries = records.iter();
        let entries = entries.map(|record| FrequentEvent::Request(process, record.clone()));
        self.take_all(entries, &self.dropped[0]);
    }

    /// Takes another event.
    fn take_mark(&self, entry: FrequentEvent) {
        self.take_all(std::iter::once(entry), &self.dropped[1]);
    }

    /// Takes what there is room for, counts the rest.
    fn take_all(&self, entries: impl ExactSizeIterator<Item = FrequentEvent>, dropped: &AtomicU64) {
        if self.is_over() {
            return;
        }
        let count = entries.len();
        let mut list = lock(&self.entries);
        let before = list.len();
        list.extend(entries.take(ROOM.saturating_sub(before)));
        let after = list.len();
        drop(list);
        let missing = count - (after - before);
        if missing > 0 {
            dropped.fetch_add(missing as u64, Ordering::Relaxed);
        }
        if before < WAKE && after >= WAKE {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }

    fn run(&self) {
        block_signals();
        while !self.is_over() {
            if !self.flush() {
                thread::park_timeout(PERIOD);
            }
        }
    }

    /// Writes what is there. Tells whether more has come meanwhile.
    fn flush(&self) -> bool {
        let mut sink = lock(&self.sink);
        if self.is_over() {
            return false;
        }
        self.flush_to(&mut sink).unwrap_or_else(|error| {
            self.end(sink);
            self.leave();
            self.warn(&error);
            false
        })
    }

    fn flush_to(&self, sink: &mut TimelineFile) -> io::Result<bool> {
        self.gather();
        drop(self.followers());
        let [requests, marks] = [0, 1].map(|of: usize| self.dropped[of].load(Ordering::Relaxed));
        let missing = MissingEvents { requests, marks };
        let mut more = true;
        for _ in 0..ROUNDS {
            let mut entries = std::mem::take(&mut sink.entries);
            std::mem::swap(&mut *lock(&self.entries), &mut entries);
            // A process was noted before it sent anything.
            sink.take_notices(&self.notices);
            if entries.is_empty() {
                sink.entries = entries;
                // A process that has gone since the exchange may have left entries.
                more = !lock(&self.entries).is_empty();
                if more {
                    continue;
                }
                sink.forget();
                break;
            }
            for entry in entries.drain(..) {
                sink.entry(entry);
                if sink.out.len() >= CHUNK {
                    sink.write()?;
                }
            }
            sink.entries = entries;
        }
        if missing != sink.missing {
            sink.missing = missing;
            sink.format.missing(&mut sink.out, system_time(), missing);
        }
        sink.write()?;
        Ok(more)
    }

    /// Takes the records that contexts keep, in which nothing else happens.
    fn gather(&self) {
        let followers = lock(&self.followers);
        let cores = followers.iter().filter_map(|known| known.core.upgrade());
        let cores: Vec<_> = cores.collect();
        drop(followers);
        cores.iter().for_each(|core| core.gather_records());
    }

    /// Writes what is left and takes nothing any more.
    pub(super) fn finish(&self) {
        self.leave();
        let mut sink = lock(&self.sink);
        if self.is_over() {
            return;
        }
        let mut result = Ok(true);
        while matches!(result, Ok(true)) {
            result = self.flush_to(&mut sink);
        }
        let result = result.and_then(|_| {
            sink.finish();
            sink.write()
        });
        self.end(sink);
        self.leave();
        self.wake();
        if let Err(error) = result {
            self.warn(&error);
        }
    }

    /// Lets all processes go.
    fn leave(&self) {
        let followers = std::mem::take(&mut *lock(&self.followers));
        followers.iter().for_each(RecordedProcess::leave);
    }

    /// The file is another's from now on, if anybody wants it.
    fn end(&self, sink: MutexGuard<'_, TimelineFile>) {
        // It stays open as long as a forked child has it.
        let _ = sink.file.unlock();
        self.over.store(true, Ordering::Relaxed);
    }

    fn warn(&self, error: &io::Error) {
        warn(format_args!(
            "the timeline {} cannot be written any more, and ends here: {error}",
            self.path.display()
        ));
    }
}

/// Creates the file, which is this program's until it is unlocked. Anything but a plain file is
/// refused: to open a pipe or to write to it may wait for ever.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no plain file"));
    }
    // Some file systems have no locks.
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        return Err(io::Error::other(
            "another program writes it; put %p into the path",
        ));
    }
    file.set_len(0)?;
    Ok(file)
}

/// The longest file that the program may write (`ulimit -f`).
#[cfg(unix)]
fn file_size_limit() -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure is valid for writing.
    match unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit) } {
        0 if limit.rlim_cur != libc::RLIM_INFINITY => limit.rlim_cur,
        _ => u64::MAX,
    }
}

#[cfg(not(unix))]
fn file_size_limit() -> u64 {
    u64::MAX
}

/// Keeps the signals of the program away from this thread: their handlers are for its own threads.
fn block_signals() {
    #[cfg(unix)]
    // SAFETY: the set is filled before it is used, and lives longer than the calls.
    unsafe {
        let mut all = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, std::ptr::null_mut());
    }
}

/// Makes room for a context, if it is new: takes the one out in which nothing was queued for
/// longest.
fn take_oldest(
    depths: &mut HashMap<(u32, u64), Depth>,
    new: (u32, u64),
) -> Option<((u32, u64), Depth)> {
    if depths.len() < CONTEXTS || depths.contains_key(&new) {
        return None;
    }
    let oldest = depths.iter().min_by_key(|(_, depth)| depth.last());
    let oldest = oldest.map(|(of, _)| *of)?;
    depths.remove_entry(&oldest)
}

/// Writes the last values of a counter.
fn finish_depth(
    format: &mut dyn TraceFormat,
    out: &mut Vec<u8>,
    (process, context): (u32, u64),
    depth: &mut Depth,
) {
    depth.finish(&mut |time, depth| format.depth(out, process, context, time, depth));
}

impl TimelineFile {
    fn take_notices(&mut self, notices: &Mutex<Vec<Notice>>) {
        let notices = std::mem::take(&mut *lock(notices));
        notices.into_iter().for_each(|notice| self.notice(notice));
    }

    fn notice(&mut self, notice: Notice) {
        let out = &mut self.out;
        match notice {
            Notice::Process(process, info) => {
                self.format.process(out, process, &info);
            }
            Notice::Instant(process, time, what) => {
                self.format.instant(out, process, time, &what);
            }
            Notice::Gone(process) => self.gone.push(process),
        }
    }

    fn entry(&mut self, entry: FrequentEvent) {
        let (format, out) = (&mut self.format, &mut self.out);
        match entry {
            FrequentEvent::Request(process, record) => {
                if record.number.is_some() {
                    let of = (process, record.context);
                    if let Some((of, mut oldest)) = take_oldest(&mut self.depths, of) {
                        finish_depth(&mut **format, out, of, &mut oldest);
                    }
                    let depth = self.depths.entry(of).or_default();
                    depth.request(&record.times, &mut |time, depth| {
                        format.depth(out, process, record.context, time, depth);
                    });
                }
                format.request(out, process, &record);
            }
            FrequentEvent::Memory(process, time, bytes) => format.memory(out, process, time, bytes),
            FrequentEvent::Block(process, context, begin, end) => {
                format.block(out, process, context, begin, end);
            }
        }
    }

    /// Forgets processes that are gone, when nothing waits any more.
    fn forget(&mut self) {
        let (format, out) = (&mut *self.format, &mut self.out);
        for gone in self.gone.drain(..) {
            let of_gone = |of: &(u32, u64), _: &mut Depth| of.0 == gone;
            for (of, mut depth) in self.depths.extract_if(of_gone) {
                finish_depth(format, out, of, &mut depth);
            }
            format.forget(gone);
        }
    }

    /// Writes the last values of the counters.
    fn finish(&mut self) {
        for (of, mut depth) in self.depths.drain() {
            finish_depth(&mut *self.format, &mut self.out, of, &mut depth);
        }
    }

    /// Hands what was gathered to the system. A partly written record is cut off.
    fn write(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        let added = self.out.len() as u64;
        self.out.extend_from_slice(self.format.tail());
        if self.written + self.out.len() as u64 > file_size_limit() {
            // To write it would send SIGXFSZ, which ends the program.
            self.out.clear();
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let written = self
            .file
            .seek(SeekFrom::Start(self.written))
            .and_then(|_| self.file.write_all(&self.out));
        self.out.clear();
        if let Err(error) = written {
            // The file before it is a whole trace.
            if self.file.set_len(self.written).is_ok() {
                let tail = self.format.tail();
                let _ = self.file.seek(SeekFrom::Start(self.written));
                let _ = self.file.write_all(tail);
            }
            return Err(error);
        }
        self.written += added;
        Ok(())
    }
}

/// The observer of a process's requests.
struct Follower {
    recorder: Arc<Recorder>,
    process: u32,
}

impl RequestObserver for Follower {
    fn requests(&self, records: &[RequestRecord]) {
        self.recorder.take_requests(self.process, records);
    }

    fn memory(&self, time: u64, bytes: u64) {
        self.recorder
            .take_mark(FrequentEvent::Memory(self.process, time, bytes));
    }

    fn block(&self, context: u64, begin: u64, end: u64) {
        self.recorder
            .take_mark(FrequentEvent::Block(self.process, context, begin, end));
    }

    fn ended(&self, fault: Option<&Fault>) {
        let what = fault
            .filter(|fault| **fault != Fault::default())
            .map_or_else(
                || "the VE process has ended".to_owned(),
                |fault| format!("the VE process has ended: {fault}"),
            );
        self.recorder
            .note(Notice::Instant(self.process, system_time(), what));
    }
}

#[cfg(test)]
#[path = "recorder_tests.rs"]
mod tests;
